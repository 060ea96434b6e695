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
