/** What a recorder sees of the node with fewer privileges than root has: the rest is named, with the privilege that was missing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../src/node/read.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-privileges-'));
const script = join(folder, 'look.mjs');
const NAME = `tp${process.pid}`;
const reason = whyNot();

function whyNot(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = ['setpriv', 'ip', 'nsenter'].find((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing !== undefined) return `needs ${missing}`;
  const made = spawnSync('ip', ['netns', 'add', NAME]);
  spawnSync('ip', ['netns', 'delete', NAME]);
  return made.status === 0 ? null : 'network namespaces cannot be made here';
}

/** A look at the node by a process with these capabilities and no others. */
function lookWith(capabilities: string): Snapshot {
  const caps = `-all,${capabilities}`;
  const drop = [
    '--reuid',
    '65534',
    '--regid',
    '65534',
    '--clear-groups',
    '--inh-caps',
    caps,
    '--ambient-caps',
    caps,
    '--bounding-set',
    caps,
  ];
  const { status, stdout, stderr } = spawnSync('setpriv', [...drop, process.execPath, '--input-type=module', '-'], {
    input: LOOK,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 30_000,
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as Snapshot;
}
let LOOK = '';

const kindsOf = ({ facts }: Snapshot, netns: number) => new Set(facts.filter((fact) => fact.netns === netns).map(({ kind }) => kind));
const hostOf = ({ facts }: Snapshot) => Number(facts.find(({ kind, value }) => kind === 'netns' && 'host' in value && value.host)?.key);
const missingOf = ({ missing }: Snapshot) => Object.fromEntries(missing.map(({ id, reason: why }) => [id, why]));

describe.skipIf(reason !== null)(`a look at the node without root’s privileges (${reason ?? 'as root'})`, () => {
  beforeAll(() => {
    const contents = "import { readNode } from './src/node/read.ts'; process.stdout.write(JSON.stringify(readNode(null, 'all')));";
    buildSync({
      stdin: { contents, resolveDir: '.' },
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'warning',
    });
    LOOK = readFileSync(script, 'utf8');
    spawnSync('ip', ['netns', 'add', NAME]);
  });
  afterAll(() => {
    spawnSync('ip', ['netns', 'delete', NAME]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('with BPF and PERFMON alone the node’s own part is there, and the rest is named', () => {
    const look = lookWith('+bpf,+perfmon');
    expect([...kindsOf(look, hostOf(look))]).toEqual(expect.arrayContaining(['link', 'route', 'sysctl', 'traffic']));
    const missing = missingOf(look);
    expect(missing.namespaces).toMatch(/CAP_SYS_PTRACE/);
    for (const [id, why] of Object.entries(missing))
      expect(why, id).toMatch(/CAP_(SYS_PTRACE|SYS_ADMIN|NET_ADMIN|SYSLOG)|is not installed/);
  });

  test('with NET_ADMIN and SYS_ADMIN rules are there, and namespaces with a name are entered', () => {
    const look = lookWith('+bpf,+perfmon,+net_admin,+sys_admin');
    const named = look.facts.find(({ kind, value }) => kind === 'netns' && 'name' in value && value.name === NAME);
    expect([...kindsOf(look, Number(named?.key))]).toEqual(expect.arrayContaining(['link', 'sysctl']));
    const missing = missingOf(look);
    for (const id of ['iptables', 'ip6tables', 'nftables', 'conntrack-entries', 'links'])
      expect(missing[id] ?? 'is not installed', id).toMatch(/is not installed/);
  });
});
