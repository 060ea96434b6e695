import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { Recorder } from '../../src/collector/recorder.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { repair } from '../../src/store/repair.ts';
import { COLUMN_NUMBER, COLUMN_SLOTS } from '../../src/store/schema.ts';
import { Churn } from '../helpers/churn.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-repair-'));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const newPath = () => join(folder, `${++made}.trowel`);

const whole = newPath();
const recorder = new Recorder({ path: whole, filter: '', epoch: 0n, meta: {} });
const churn = new Churn({ files: 10, connections: 0, processes: 10, reads: 5000 });
for (let i = 0; i < 40; i++) recorder.add(churn.next());
recorder.finish(10e9);

/** A copy that was changed. */
function damaged(change: (db: Database.Database) => void): string {
  const path = newPath();
  writeFileSync(path, readFileSync(whole));
  const db = new Database(path);
  change(db);
  db.close();
  return path;
}

function count(path: string): number {
  const capture = new CaptureReader(path);
  const found = capture.last()?.count ?? 0;
  expect(capture.meta.state).toBeDefined();
  capture.close();
  return found;
}

test('a capture without damage is all there, and stays complete', () => {
  const target = newPath();
  expect(repair(whole, target)).toEqual({ events: churn.events, missing: [], rows: [], undated: false });
  expect(count(target)).toBe(churn.events);
});

test.each([
  ['nonsense in a column', (id: number) => `UPDATE chunk_column SET data = x'ff' WHERE id = ${id}`],
  ['a column that is gone', (id: number) => `DELETE FROM chunk_column WHERE id = ${id}`],
])('%s costs its chunk, and that is told', (_, sql) => {
  const path = damaged((db) => {
    const first = db.prepare('SELECT min(id) FROM chunk').pluck().get() as number;
    db.exec(sql(first * COLUMN_SLOTS + COLUMN_NUMBER.time));
  });
  const target = newPath();
  const { events, missing } = repair(path, target);
  expect(missing).toEqual([{ from: 1, to: churn.events - events, reason: expect.any(String) }]);
  expect(count(target)).toBe(events);
  expect(events).toBeGreaterThan(0);
});

test('a row that makes no sense costs that row', () => {
  const path = damaged((db) => db.exec("UPDATE thread SET tid = 'x' WHERE id = 5"));
  const target = newPath();
  expect(repair(path, target)).toMatchObject({ events: churn.events, rows: [{ table: 'thread', count: 1 }] });
  const capture = new CaptureReader(target);
  expect(capture.dims.threads.get(5)).toBeUndefined();
  expect(capture.dims.threads.get(6)).toBeDefined();
});

test('of a file that was cut all is there that lay before', () => {
  const bytes = readFileSync(whole);
  const shares = [0.6, 0.75, 0.9].map((part) => {
    const path = newPath();
    writeFileSync(path, bytes.subarray(0, bytes.length * part));
    const target = newPath();
    const { events, missing } = repair(path, target);
    expect(missing.map(({ from }) => from)).toEqual([events + 1]);
    expect(count(target)).toBe(events);
    return events / churn.events;
  });
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares[2]).toBeGreaterThan(0);
  expect(shares[2]).toBeLessThan(1);
});

test('a page of a table that is gone costs the rows on it, and no others', () => {
  const path = damaged((db) => {
    db.pragma('wal_checkpoint(TRUNCATE)');
  });
  const db = new Database(path, { readonly: true });
  const [leaf] = db
    .prepare("SELECT pageno FROM dbstat WHERE name = 'process' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 1")
    .pluck()
    .all() as number[];
  const size = db.pragma('page_size', { simple: true }) as number;
  const all = db.prepare('SELECT count(*) FROM process').pluck().get() as number;
  db.close();
  const bytes = readFileSync(path);
  bytes.fill(0, (leaf! - 1) * size, leaf! * size);
  writeFileSync(path, bytes);
  const target = newPath();
  expect(repair(path, target)).toMatchObject({ events: churn.events, missing: [], rows: [{ table: 'process', count: 0 }] });
  const left = new CaptureReader(target).dims.processes.size;
  expect(left).toBeGreaterThan(all / 2);
  expect(left).toBeLessThan(all);
});

describe('what SQLite reads before anything else', () => {
  const PAGE = 4096;

  /** A copy in which some pages are filled. */
  function filled(pages: readonly number[], fill: number | string): string {
    const path = newPath();
    const bytes = readFileSync(whole);
    for (const page of pages) bytes.fill(fill, (page - 1) * PAGE, page * PAGE);
    writeFileSync(path, bytes);
    return path;
  }

  function pagesOf(name: string): number[] {
    const db = new Database(whole, { readonly: true });
    const pages = db.prepare('SELECT pageno FROM dbstat WHERE name = ?').pluck().all(name) as number[];
    db.close();
    return pages;
  }

  test.each([
    ['the first page, empty', () => [1], 0],
    ['the first page, noise', () => [1], 'noise'],
    ['another page of the schema', () => pagesOf('sqlite_schema').slice(1, 2), 0],
    ['all of the schema', () => pagesOf('sqlite_schema'), 'noise'],
  ])('%s: nothing is lost', (_, pages, fill) => {
    const target = newPath();
    expect(repair(filled(pages(), fill), target)).toEqual({ events: churn.events, missing: [], rows: [], undated: false });
    expect(new CaptureReader(target).meta).toMatchObject({ state: 'complete', epoch: '0' });
  });

  test('the index of the chunks: nothing is lost, and nothing has to be repaired', () => {
    const path = filled(pagesOf('chunk_by_num'), 0);
    expect(count(path)).toBe(churn.events);
    expect(repair(path, newPath())).toMatchObject({ events: churn.events, missing: [] });
  });

  test.each([0, 'noise'])('meta, filled with %j, costs what the capture says of itself', (fill) => {
    const target = newPath();
    const found = repair(filled(pagesOf('meta'), fill), target);
    expect(found).toEqual({ events: churn.events, missing: [], rows: [{ table: 'meta', count: 0 }], undated: true });
    expect(new CaptureReader(target).meta).toMatchObject({
      state: 'broke off',
      damage: expect.stringMatching(/table meta; when it was recorded/),
    });
  });

  test('schema and meta at once', () => {
    const target = newPath();
    expect(repair(filled([1, ...pagesOf('meta')], 0), target)).toMatchObject({ events: churn.events, undated: true });
  });

  test('of meta on several pages what can be read is kept', () => {
    const path = damaged((db) => {
      for (let i = 0; i < 40; i++) db.prepare('INSERT INTO meta VALUES (?, ?)').run(`k${i}`, 'x'.repeat(500));
    });
    const db = new Database(path, { readonly: true });
    const leaf = db.prepare("SELECT pageno FROM dbstat WHERE name = 'meta' AND pagetype = 'leaf' LIMIT 1 OFFSET 2").pluck().get() as number;
    db.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, (leaf - 1) * PAGE, leaf * PAGE));
    const target = newPath();
    expect(repair(path, target)).toMatchObject({ rows: [{ table: 'meta', count: 0 }], undated: false });
    expect(new CaptureReader(target).meta).toMatchObject({ epoch: '0', k0: 'x'.repeat(500) });
  });

  test('a schema of another version is none that could be put in its place', () => {
    const path = damaged((db) => db.exec('ALTER TABLE chunk_column DROP COLUMN sum'));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, 0, PAGE));
    expect(() => repair(path, newPath())).toThrow(/not those of this version: try trowel repair of the version that wrote it/);
  });
});
