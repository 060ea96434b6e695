/** A recorder for which there is no more memory: the kernel kills a part of it, and what is missing is told. As root, in memory cgroups. */
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { killOnce, madeProbe, VICTIMS } from './kills.ts';

/** Where memory is limited: cgroup v1's own tree, or that of v2. */
const TREES = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max' },
];
const folder = mkdtempSync(join(tmpdir(), 'trowel-memory-'));
const groups: string[] = [];
let made = 0;

/** A group that may take so much; null: there is none to be had. */
function newGroup(bytes: number): string | null {
  for (const tree of TREES) {
    const group = join(tree.folder, `trowel-test-${process.pid}-${++made}`);
    try {
      mkdirSync(group);
      groups.push(group);
      if (!existsSync(join(group, tree.limit))) continue;
      writeFileSync(join(group, tree.limit), String(bytes));
      return group;
    } catch {
      // the next one, perhaps
    }
  }
  return null;
}

/** What a process takes from now on is counted, and there is next to none: the kernel ends it within a moment. */
function starve(pid: number): void {
  writeFileSync(join(newGroup(1 << 20)!, 'cgroup.procs'), String(pid));
}

const reason = process.getuid?.() !== 0 ? 'needs root' : newGroup(1 << 20) === null ? 'there is no memory cgroup to be had' : null;
afterAll(() => {
  for (const group of groups) if (existsSync(group)) rmdirSync(group);
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(reason !== null)(`out of memory (${reason ?? 'by memory cgroups'})`, () => {
  const probe = madeProbe(folder, 2000);

  test.concurrent.each(VICTIMS)(
    '%s: the capture opens, has no gap, and says that it did not end well',
    async (victim) => {
      const { wrong, copy } = await killOnce(folder, victim, 300, probe, starve);
      expect(wrong.filter((what) => !what.endsWith('ms lost'))).toEqual([]); // when it was killed nobody knows
      expect(copy).not.toBe('none');
    },
    60_000,
  );
});
