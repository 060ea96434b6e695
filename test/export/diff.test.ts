/** The same request, good and bad. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { trowel } from './made.ts';

const scene = (name: string) => join(packageRoot(), 'captures/scenes', `${name}.trowel`);

test('the step that makes the difference comes first', () => {
  const { stdout, status } = trowel('diff', scene('a-server-that-computes'), scene('a-server-that-sleeps'), '--over', '1ms', '--json');
  expect(status).toBe(0);
  const steps = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number | string | null>);
  for (const step of steps) expect(step.difference).toBe(Number(step.second ?? 0) - Number(step.first ?? 0));
  expect(steps.map(({ difference }) => Math.abs(Number(difference)))).toEqual(
    steps.map(({ difference }) => Math.abs(Number(difference))).sort((a, b) => b - a),
  );
  expect(steps.some(({ where }) => where === 'server')).toBe(true);
});

test('says what either was about, and which took longer', () => {
  const { stdout } = trowel('diff', scene('a-server-that-sleeps'), scene('a-server-that-sleeps'));
  expect(stdout).toMatch(/first: {2}.*slept for 300 ms/);
  expect(stdout).toMatch(/^no step differs\n/);
  expect(stdout).toMatch(/both took equally long\n$/);
});

test('a process that is not there is a mistake', () => {
  const { status, stderr } = trowel('diff', scene('a-server-that-sleeps'), scene('a-server-that-sleeps'), '--pid', '1234567');
  expect([status, stderr]).toEqual([2, expect.stringMatching(/there is no process 1234567/)]);
});
