import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { Capture } from '../../src/capture/capture.ts';
import { commandTree } from '../../src/explain/command.ts';
import { newTables } from '../../src/model/rows.ts';

/** `processes`: pid, its parent, its name. */
function treeOf(command: string | undefined, processes: readonly (readonly [number, number, string])[]): number[] | null {
  const dims = newTables();
  for (const [pid, ppid, comm] of processes)
    dims.processes.add({
      pid, ppid, vpid: pid, sid: 1, pgid: 1, uid: 0, gid: 0, loginuid: -1, comm, exe: comm, exepath: '', args: [], env: null, cwd: '/',
      root: '', cgroups: [], cgroupId: 0, container: '', netns: 1, pidns: 1, mntns: 1, tty: 0, started: 0, flags: 0, from: 0, to: null,
    }); // biome-ignore format: a row
  const meta = command === undefined ? {} : { command_pid: command };
  const tree = commandTree({ meta, dims } as Pick<Capture, 'meta' | 'dims'> as Capture);
  return tree === null ? null : [...tree].sort((a, b) => a - b);
}

const BUSY = [[1, 0, 'init'], [7, 1, 'nginx'], [20, 5, 'sh'], [22, 21, 'curl'], [21, 20, 'sh']] as const; // biome-ignore format: a table

test.each([
  ['what the command started is its, in whatever order it is known', '20', BUSY, [20, 21, 22]],
  ['without a command everybody is asked', undefined, BUSY, null],
  ['a command that only sleeps is a clock', '20', [[20, 5, 'sleep'], [7, 1, 'nginx']], null],
] as const)('%s', (_, command, processes, tree) => {
  expect(treeOf(command, processes)).toEqual(tree);
}); // biome-ignore format: a table

test('a pod that is not there is wrong use, and is named', () => {
  const { status, stderr } = spawnSync('bin/trowel', ['explain', 'captures/critical-app.trowel', '--pod', 'a/b'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/no process of a pod a\/b is in this capture/);
});
