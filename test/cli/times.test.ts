/** `--from` and `--to` of commands that do not look at times themselves: they get the part between. */
import { expect, test } from 'vitest';
import { CAPTURE, trowel } from '../export/made.ts';

const FROM = '2026-11-21T07:58:30Z';
const count = (...words: readonly string[]) => trowel('read', CAPTURE, ...words, '--count').stdout.trim();

test('sql counts what read counts', () => {
  for (const times of [
    ['--from', FROM],
    ['--from', '-2s', '--to', '-1s'],
    ['--to', '3.5s'],
  ])
    expect(trowel('sql', CAPTURE, 'SELECT count(*) AS n FROM events', '--csv', ...times).stdout).toMatch(
      new RegExp(`^n\\r?\\n${count(...times)}\\r?\\n$`, 'i'),
    );
});

test('dns, export, info and doctor see no more', () => {
  expect(trowel('dns', CAPTURE, '--from', '-8s').stdout).toMatch(/\(2 names tried, 1 wasted\)/);
  const lines = trowel('export', CAPTURE, '--format', 'jsonl', '--from', '-2s', '--until', '-1s').stdout.trim().split('\n');
  expect(lines.length).toBe(Number(count('--from', '-2s', '--to', '-1s')));
  expect(trowel('info', CAPTURE, '--to', '3s').stdout).toMatch(new RegExp(`^events +${count('--to', '3s')} `, 'm'));
  expect(trowel('doctor', CAPTURE, '--to', '1ms').stdout).not.toMatch(/dns-unanswered/);
});

test('what is no time is told', () => {
  expect(trowel('dns', CAPTURE, '--from', 'noon').stderr).toMatch(/--from/);
});
