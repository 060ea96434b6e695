import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const CAPTURE = 'captures/critical-app.trowel';

function trowel(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('bin/trowel', args, { encoding: 'utf8' });
}

test.each([
  [['--over', '1ms'], /^curl \(\d+\) waited 10\.0\d\d s for DNS/],
  [['--from', '9'], /^curl \(\d+\) waited 1\.\d+ s for DNS/],
  [['proc.name=curl'], /^curl \(\d+\) waited 10\./],
  [['proc.name=skydns'], /^Nothing waited longer than 100 ms/],
  [['--over', '11s'], /^Nothing waited longer than 11\.000 s/],
  [['--markdown'], /^### curl/],
])('explain %j', (args, says) => {
  const { status, stdout } = trowel('explain', CAPTURE, ...args);
  expect(status).toBe(0);
  expect(stdout).toMatch(says);
});

test.each([
  [['--pid', '99999'], /there is no process 99999 in this capture/],
  [['--event', '999999'], /there is no event 999999/],
  [['--over', 'long'], /--over takes a time such as 250ms/],
  [['proc.nam=curl'], /unknown field proc\.nam/],
])('explain %j is refused', (args, message) => {
  const { status, stderr } = trowel('explain', CAPTURE, ...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});

test('--event finds what went on around it, --json is one object with the events that show it', () => {
  const { stdout } = trowel('explain', CAPTURE, '--event', '700', '--json');
  const { story } = JSON.parse(stdout);
  expect(story['proc.name']).toMatch(/curl|skydns|MainThread/);
  const whole = JSON.parse(trowel('explain', CAPTURE, '--json').stdout).story;
  expect(whole.causes[0]).toMatchObject({ id: 'dns-search-domain-silent' });
  expect(whole.causes[0].nums.length).toBeGreaterThan(3);
  expect(whole.phases.reduce((sum: number, phase: { duration: number }) => sum + phase.duration, 0)).toBeCloseTo(whole.latency, -3);
});
