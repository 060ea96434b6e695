/** `trowel doctor` and `trowel net` as they are typed: exit codes, JSON that fits its schema, older captures, hostile ones. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { command } from '../../src/doctor/check.ts';
import { NET_VIEWS } from '../../src/output/reports/net.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-doctor-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function unpacked(name: string, as = name): string {
  const path = join(folder, `${as}.trowel`);
  writeFileSync(path, gunzipSync(readFileSync(`captures/doctor/${name}.trowel.gz`)));
  return path;
}

const trowel = (...words: string[]) => spawnSync('bin/trowel', words, { encoding: 'utf8', timeout: 20_000 });
const SICK = unpacked('no-endpoints');
const DROPPING = unpacked('policy-drop');
const REAL = unpacked('kube-wrong-port');
const DAEMON_SET = unpacked('kube-daemonset');
const HANGING = unpacked('dns-hang');
const HEALTHY = unpacked('healthy-node-1');

test.each<[number, string[], RegExp]>([
  [0, ['doctor', SICK], /CRITICAL {2}no-endpoints/],
  [1, ['doctor', SICK, '--exit-code'], /CRITICAL/],
  [0, ['doctor', HEALTHY, '--exit-code'], /Nothing is wrong/],
  [0, ['doctor', SICK, '--check', 'forward-drop'], /Nothing is wrong/],
  [0, ['doctor', '-l'], /conntrack-full/],
  [2, ['doctor', SICK, '--check', 'no-endpoint'], /did you mean no-endpoints/],
  [2, ['net', SICK, 'nosuch'], /net shows pods, services/],
  [0, ['net', SICK], /nsenter -t \d+ -n/],
  [0, ['net', SICK, 'services'], /app=backnd .*yes: rejected, no endpoints/],
  [0, ['net', SICK, 'rules', '--at', '1s'], /has no endpoints/],
  [
    0,
    ['net', DROPPING, 'drops'],
    /10 +NETFILTER_DROP +critical-app\/client .* the node .*cni0 .*rule 1 of ip filter FORWARD .*which counted 10 packets/,
  ],
  [0, ['net', 'captures/critical-app.trowel', 'routes'], /the capture has no look at the node/],
  [0, ['doctor', 'captures/critical-app.trowel'], /CRITICAL {2}dns-unanswered/],
])('%d for trowel %j', (code, words, said) => {
  const { status, stdout, stderr } = trowel(...words);
  expect(status, stderr).toBe(code);
  expect(stdout + stderr).toMatch(said);
});

describe('JSON fits its schema', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  test.each([
    ['doctor', ['doctor', SICK]],
    ['checks', ['doctor', '-l']],
    ...NET_VIEWS.map(
      (view) =>
        [
          `net-${view}`,
          ['net', { drops: DROPPING, flows: REAL, cni: DAEMON_SET, log: HANGING, processes: HANGING }[view as string] ?? SICK, view],
        ] as const,
    ),
  ] as const)('%s', (id, words) => {
    const valid = ajv.compile(JSON.parse(readFileSync(`docs/schema/${id}.json`, 'utf8')) as object);
    const lines = trowel(...words, '--json')
      .stdout.split('\n')
      .filter(Boolean);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(valid(JSON.parse(line)), `${ajv.errorsText(valid.errors)}: ${line}`).toBe(true);
  });
});

describe('captures are not to be trusted', () => {
  test('facts of another shape are empty, and nothing reaches the terminal as it is', () => {
    const path = unpacked('no-endpoints', 'hostile');
    const db = new Database(path);
    db.exec(`UPDATE node_fact SET value = '{"rules":7,"addresses":[1],"index":"x"}' WHERE kind IN ('chain', 'link')`);
    db.exec(`UPDATE kube_object SET name = 'x' || char(27) || ']0;y' || char(7) || '; reboot' WHERE kind = 'Service'`);
    db.close();
    for (const words of [['doctor'], ['net']]) {
      const { status, stdout, stderr } = trowel(words[0]!, path);
      expect(status, stderr).toBe(0);
      expect(stdout).not.toMatch(/\x1b|\x07/);
    }
  });

  test.each([
    ['backend', 'kubectl get pod backend'],
    ['a; reboot', "kubectl get pod 'a; reboot'"],
    ["it's", "kubectl get pod 'it'\\''s'"],
    ['a\nb', "kubectl get pod 'a?b'"],
    ['$(id)', "kubectl get pod '$(id)'"],
  ])('%j stands in a command as one word', (name, text) => expect(command`kubectl get pod ${name}`).toBe(text));
});
