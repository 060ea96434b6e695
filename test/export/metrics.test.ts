/** Prometheus' text: every line as its grammar has it, and the numbers those of the capture. */
import { afterAll, expect, test } from 'vitest';
import { EventsBuilder } from '../helpers/events.ts';
import { CAPTURE, Folder, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = `${NAME}="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL})(?:,${LABEL})*)\\})? (-?[0-9.e+-]+)$`);

function parsed(file: string, ...filter: string[]): { readonly name: string; readonly labels: string; readonly value: number }[] {
  const { status, stdout } = trowel('metrics', file, ...filter);
  expect(status).toBe(0);
  let current = '';
  return stdout
    .trim()
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('#')) {
        const [, word, name] = /^# (HELP|TYPE) (\S+) .+$/.exec(line)!;
        if (word === 'TYPE') expect(name).toBe(current);
        current = name!;
        return [];
      }
      const found = SAMPLE.exec(line);
      expect(found, line).not.toBeNull();
      expect(found![1]!.replace(/_(bucket|sum|count)$/, '')).toBe(current.replace(/_count$/, ''));
      return [{ name: found![1]!, labels: found![2] ?? '', value: Number(found![3]) }];
    });
}

const sum = (samples: ReturnType<typeof parsed>, name: string, labels = '') =>
  samples.filter((one) => one.name === name && one.labels.includes(labels)).reduce((total, { value }) => total + value, 0);

test('the numbers are those that other commands count', () => {
  const all = parsed(CAPTURE);
  expect(sum(all, 'trowel_events_total')).toBe(452);
  expect(sum(all, 'trowel_call_errors_total')).toBe(Number(trowel('read', CAPTURE, 'evt.rawres<0', '--count').stdout));
  expect(sum(all, 'trowel_dns_lookups_total', 'result="NOERROR"')).toBe(1);
  expect(sum(all, 'trowel_dns_wasted_seconds_total')).toBeGreaterThan(10);
  expect(sum(all, 'trowel_dns_lookup_seconds_bucket', 'le="10"')).toBe(0);
  expect(sum(all, 'trowel_dns_lookup_seconds_bucket', 'le="+Inf"')).toBe(1);
  expect(sum(all, 'trowel_http_requests_total', 'status="200"')).toBe(2);
  expect(sum(parsed(CAPTURE, 'proc.name=curl'), 'trowel_events_total')).toBe(315);
});

test('a process may be called anything', () => {
  const made = new EventsBuilder();
  made.event({ thread: made.thread({ of: made.process({ comm: 'a"b\\c\nd\u001b[31m' }) }).id });
  const [labels] = parsed(folder.capture('hostile.trowel', made))
    .filter(({ name }) => name === 'trowel_events_total')
    .map((one) => one.labels);
  expect(labels).toContain('process="a\\"b\\\\c\\nd·[31m"');
});
