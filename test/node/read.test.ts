import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { NODE_KINDS } from '../../src/model/node.ts';
import { readNode } from '../../src/node/read.ts';

test('this machine is looked at with whatever privilege there is, and what is missing has a reason', () => {
  const { facts, kinds, missing } = readNode('/proc/self/ns/net', 'all');
  const lo = facts.find((fact) => fact.kind === 'link' && fact.key === 'lo');
  expect(lo?.value).toMatchObject({ addresses: expect.arrayContaining(['127.0.0.1/8']) });
  expect(facts.find(({ kind }) => kind === 'netns')?.value).toMatchObject({ host: true });
  expect(facts.some(({ kind, key }) => kind === 'sysctl' && key === 'net.ipv4.ip_forward')).toBe(true);
  for (const { kind } of facts) expect(kinds).toContain(kind);
  for (const kind of kinds) expect(NODE_KINDS).toContain(kind);
  for (const { id, reason } of missing) expect(`${id}: ${reason}`).toMatch(/needs CAP_|is not installed|seen with CAP_|too many|^\S+: \S+/);
});

const NAME = `tr${process.pid}`;
const ip = (...args: string[]) => spawnSync('ip', args, { encoding: 'utf8' });
const inside = (...args: string[]) => ip('netns', 'exec', NAME, ...args);

function whyNoLegacy(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    if (ip('netns', 'add', NAME).status !== 0) return 'network namespaces cannot be made here';
    return (
      ['legacy', 'nft'].find((kind) => inside(`iptables-${kind}`, '-S').status !== 0)?.concat(': iptables of this kind cannot be used') ??
      null
    );
  } finally {
    ip('netns', 'delete', NAME);
  }
}
const noLegacy = whyNoLegacy();

test.skipIf(noLegacy !== null)(`rules of both kinds of iptables are read, where a kernel has both (${noLegacy ?? 'as root'})`, () => {
  ip('netns', 'add', NAME);
  try {
    inside('iptables-nft', '-A', 'FORWARD', '-s', '192.0.2.1', '-j', 'ACCEPT');
    inside('iptables-legacy', '-A', 'FORWARD', '-s', '192.0.2.2', '-j', 'DROP');
    inside('iptables-legacy', '-t', 'nat', '-A', 'PREROUTING', '-d', '192.0.2.3', '-j', 'RETURN');
    const { facts } = readNode(`/run/netns/${NAME}`, 'all');
    const rules = Object.fromEntries(facts.flatMap((fact) => (fact.kind === 'chain' ? [[fact.key, fact.value]] : [])));
    expect(rules).toMatchObject({
      'ip filter FORWARD': { rules: ['-s 192.0.2.1/32 -j ACCEPT'] },
      'ip-legacy filter FORWARD': { rules: ['-s 192.0.2.2/32 -j DROP'] },
      'ip nat PREROUTING': { rules: ['-d 192.0.2.3/32 -j RETURN'] },
    });
  } finally {
    ip('netns', 'delete', NAME);
  }
});
