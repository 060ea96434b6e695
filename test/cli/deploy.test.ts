/** deploy/cluster says what programs take, allows what is asked for, and grants nothing more. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { packageRoot } from '../../src/model/package-root.ts';
import { trowel } from '../export/made.ts';

const FOLDER = join(packageRoot(), 'deploy/cluster');

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly securityContext: {
    readonly capabilities: { readonly drop: string[]; readonly add?: string[] };
    readonly allowPrivilegeEscalation: boolean;
  };
}
interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly { readonly name: string }[];
}
interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}
interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: unknown;
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec: { readonly template: Template } };
    readonly podSelector?: { matchLabels: Record<string, string> };
  };
}

const documentsIn = (path: string): Document[] => parseAllDocuments(readFileSync(path, 'utf8')).map((one) => one.toJS() as Document);
const { resources } = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
const all = resources.flatMap((name) => documentsIn(join(FOLDER, name)));
const templates = all.flatMap(({ spec }) => spec?.template ?? spec?.jobTemplate?.spec.template ?? []);
const containers = templates.flatMap(({ spec }) => spec.containers);

test('each program takes the options that it is given', () => {
  expect(containers.map(({ name }) => name)).toEqual(['probe', 'names', 'collector', 'clickhouse', 'admin', 'admin']);
  for (const { command = [], args = [] } of containers) {
    const options = args.flatMap((arg) => /^--[a-z-]+/.exec(arg)?.[0] ?? []);
    const help = command.includes('/usr/bin/trowel-probe')
      ? readFileSync(join(packageRoot(), 'native/main.c'), 'utf8')
      : command.length === 0
        ? ''
        : trowel(command.at(-1)!, '--help').stdout;
    for (const option of options) expect(help, option).toContain(option);
  }
});

test('nothing has more privileges than it needs', () => {
  for (const { name, securityContext } of containers) {
    expect(securityContext.allowPrivilegeEscalation).toBe(false);
    expect(securityContext.capabilities).toEqual(name === 'probe' ? { drop: ['ALL'], add: ['BPF', 'PERFMON'] } : { drop: ['ALL'] });
  }
  const rules = (path: string) => documentsIn(path).find(({ kind }) => kind === 'ClusterRole')?.rules;
  expect(rules(join(FOLDER, 'rbac.yaml'))).toEqual(rules(join(packageRoot(), 'deploy/rbac.yaml')));
});

test('all pods beside the probes have a policy of whom they talk to', () => {
  const policies = all
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ spec }) => spec?.podSelector?.matchLabels['app.kubernetes.io/name']);
  const pods = new Set(templates.map(({ metadata }) => metadata.labels['app.kubernetes.io/name']));
  expect([...pods].filter((name) => name !== 'trowel-probe').sort()).toEqual(policies.sort());
});
