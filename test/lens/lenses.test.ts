import { afterAll, describe, expect, test } from 'vitest';
import { compileFilter } from '../../src/filter/compile.ts';
import { LENSES, lensNamed } from '../../src/lens/index.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const capture = new CaptureReader('captures/critical-app.trowel');
afterAll(() => capture.close());

const compile = (text: string) => compileFilter(text, { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false });
const ARGS: Readonly<Record<string, string>> = { port: '53', address: '10.88.0.2', path: 'resolv.conf', field: 'proc.name', ms: '1000' };

function look(name: string, args: readonly string[] = [], filter = '') {
  const lens = lensNamed(name)!;
  const text = [lens.filter(args), filter].filter((part) => part !== '').join(' and ');
  return lens.look(capture, compile(text), args);
}

function rows(name: string, args: readonly string[] = [], filter = ''): (string | number)[][] {
  const found = look(name, args, filter);
  if (found.kind !== 'table') throw new Error(`${name} is no table`);
  return [...found.rows].map((row) => [...row]);
}

test.each(LENSES.map(({ name, args }) => [name, args.map((arg) => ARGS[arg]!)] as const))('%s runs', (name, args) => {
  const found = look(name, args);
  const n = found.kind === 'table' ? [...found.rows].length : [...found.blocks].length;
  expect(n).toBeGreaterThanOrEqual(0);
});

test.each([
  ['port', '53 or fd.port exists', "'53 or fd.port exists' is not a port"],
  ['ip', '10.0.0.1 or proc.pid exists', "'10.0.0.1 or proc.pid exists' is not an IP address"],
  ['slow-calls', '1ms or evt.latency>0', 'is not a number'],
])('the argument of %s is one value, whatever it says: %s', (name, arg, message) => {
  expect(() => compile(lensNamed(name)!.filter([arg]))).toThrow(message);
});

describe('sums', () => {
  test('add up to what a scan finds, by any field', () => {
    let events = 0;
    for (const { n } of capture.select(compile(''))) events += n;
    const sum = (table: (string | number)[][]) => table.reduce((total, [value]) => total + Number(value), 0);
    expect(sum(rows('count-by', ['evt.type']))).toBe(events);
    expect(sum(rows('count-by', ['evt.cpu']))).toBe(events);
  });

  test('are sorted, and go by rows and by events alike', () => {
    const byRow = rows('bytes-by', ['proc.name']);
    expect(byRow.map(([value]) => value)).toEqual(byRow.map(([value]) => value).sort((a, b) => Number(b) - Number(a)));
    expect(rows('time-by', ['fd.name'], 'fd.type=ipv4')[0]![1]).toMatch(/:53$/);
  });
});

test('echo gives what was read, in order', () => {
  const found = look('echo_fds', [], 'fd.name=/etc/resolv.conf');
  if (found.kind !== 'echo') throw new Error('no echo');
  const blocks = [...found.blocks].map(({ direction, bytes, process, payload }) => [
    direction,
    bytes,
    process,
    Buffer.from(payload).toString().slice(0, 10),
  ]);
  expect(blocks).toEqual([['read', 119, 'curl', 'nameserver']]);
});
