import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileFilter } from '../../src/filter/compile.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Matches } from '../../src/tui/data/matches.ts';
import { RowWindow } from '../../src/tui/data/row-window.ts';
import type { Match } from '../../src/tui/data/selected.ts';
import type { Row } from '../../src/tui/screens/events/rows.ts';
import { repeated, stalledLookup, writeCapture } from './scene.ts';

const TOTAL = 20_000;
const FILTERS = ['', 'proc.name=curl', 'evt.type=connect', 'evt.num=9000', 'evt.num in (1, 8192, 8193, 20000)', 'proc.name=nobody'];

let folder: string;
let capture: CaptureReader;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-matches-'));
  const path = join(folder, 'some.trowel');
  const events = stalledLookup();
  const writer = writeCapture(path, stalledLookupWithoutEvents(), true);
  for (const chunk of repeated(events, TOTAL, 1000)) writer.append(chunk);
  writer.close({});
  capture = new CaptureReader(path);
});
afterAll(() => {
  capture.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The scene's tables, for events that are made of its own. */
function stalledLookupWithoutEvents() {
  const events = stalledLookup();
  events.chunk.clear();
  return events;
}

const context = () => ({ dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false });
const matchesOf = (filter: string) => new Matches(capture, compileFilter(filter, context()), false);

/** Numbers of all events that match, the slow way. */
function numbers(filter: string): number[] {
  const found: number[] = [];
  for (const { chunk, selection, n } of capture.select(compileFilter(filter, context()))) {
    for (let k = 0; k < n; k++) found.push(chunk.num[selection[k]!]!);
  }
  return found;
}

function taken(walk: Generator<Match | null>, most: number): number[] {
  const found: number[] = [];
  for (const match of walk) {
    if (match !== null) found.push(match.num);
    if (found.length === most) break;
  }
  return found;
}

describe.each(FILTERS)('matches of "%s"', (filter) => {
  test('are walked in both directions from any event', () => {
    const all = numbers(filter);
    const matches = matchesOf(filter);
    fc.assert(
      fc.property(fc.integer({ min: -1, max: TOTAL + 2 }), fc.integer({ min: 1, max: 300 }), (num, most) => {
        expect(taken(matches.forward(num), most)).toEqual(all.filter((one) => one > num).slice(0, most));
        const before = all.filter((one) => one < num);
        expect(taken(matches.backward(num), most)).toEqual(before.slice(-most).reverse());
      }),
    );
  });

  test('are counted, and the place of any event among them is known then', () => {
    const all = numbers(filter);
    const matches = matchesOf(filter);
    while (matches.countOne());
    expect([matches.total, matches.progress]).toEqual([all.length, 1]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: TOTAL + 2 }), (num) => {
        expect(matches.countBefore(num)).toBe(all.filter((one) => one < num).length);
      }),
    );
  });

  test('fill a window that moves with the selection and stays small', () => {
    const all = numbers(filter);
    const matches = matchesOf(filter);
    const moves = fc.array(fc.oneof(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -TOTAL, max: TOTAL })), { maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: TOTAL }), moves, fc.integer({ min: 1, max: 50 }), (start, steps, reach) => {
        const window = new RowWindow(matches, start, ({ num, time }) => ({ num, time }) as Row);
        let near = start;
        for (const step of [0, ...steps]) {
          near = Math.max(0, near + step);
          window.moveTo(near);
          for (const _ of window.fill(reach));
          const rows = window.list(true).rows.map(({ num }) => num);
          const selected = all.findIndex((num) => num >= near);
          const middle = selected < 0 ? all.length : selected;
          expect(rows.length).toBeLessThanOrEqual(4 * reach + 1);
          expect(rows).toEqual(expect.arrayContaining(all.slice(Math.max(0, middle - reach), middle + reach)));
          expect(rows).toEqual(all.slice(all.indexOf(rows[0]!), all.indexOf(rows[0]!) + rows.length));
          expect(window.selected?.num ?? null).toBe(all[middle] ?? all.at(-1) ?? null);
        }
      }),
      { numRuns: 40 },
    );
  });
});

test('a window keeps up with a capture that grows while it is read', () => {
  const path = join(folder, 'growing.trowel');
  const events = stalledLookup();
  const writer = writeCapture(path, stalledLookupWithoutEvents(), true);
  const reader = new CaptureReader(path);
  const filter = compileFilter('proc.name=curl', { dims: reader.dims, epoch: reader.epoch, hostname: '', growing: true });
  const matches = new Matches(reader, filter, true);
  let written = 0;
  for (const chunk of repeated(events, 30_000, 1000, 777)) {
    writer.append(chunk);
    writer.flush();
    written += chunk.n;
    matches.read(() => {
      expect(matches.events).toBe(written);
      const last = taken(matches.backward(Infinity), 5);
      const later = taken(matches.forward(last.at(-1)! - 1), 10);
      expect(later).toEqual(last.reverse());
      while (matches.countOne());
    });
  }
  writer.close({});
  matches.read(() => {
    while (matches.countOne());
  });
  expect(matches.total).toBe(taken(matches.forward(0), Infinity).length);
  reader.close();
});

test('rows that are new, or changed not long after they were, are read without reading all of them', () => {
  const path = join(folder, 'rows.trowel');
  const events = stalledLookupWithoutEvents();
  for (let i = 0; i < 2000; i++) events.fd({ name: `/old/${i}` });
  const writer = writeCapture(path, events, true);
  const reader = new CaptureReader(path);
  const before = reader.dims.fds.size;
  const [old] = [...events.tables.fds.all()];
  const last = events.fd({ name: '/new' });
  Object.assign(events.tables.fds.get(before)!, { name: '/changed' });
  Object.assign(old!, { name: '/changed long ago' });
  for (const row of [old!, events.tables.fds.get(before)!]) events.tables.fds.touch(row);
  writer.flush();
  reader.refresh(true);
  expect([reader.dims.fds.get(last.id)?.name, reader.dims.fds.get(before)?.name]).toEqual(['/new', '/changed']);
  expect(reader.dims.fds.get(old!.id)?.name).not.toBe('/changed long ago');
  reader.refresh();
  expect(reader.dims.fds.get(old!.id)?.name).toBe('/changed long ago');
  writer.close({});
  reader.close();
});
