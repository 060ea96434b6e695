import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CaptureError } from '../../src/capture/error.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { CHUNK_EVENTS, type Chunk, OpenChunk, payload } from '../../src/model/chunk.ts';
import { NUMBER_COLUMN_NAMES } from '../../src/model/columns.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Events that differ in every column, and the tables they refer to. */
function someEvents(n: number): EventsBuilder {
  const events = new EventsBuilder();
  const thread = events.thread({ comm: 'curl' });
  const other = events.thread({ comm: 'nginx', of: events.process({ pid: 200, comm: 'nginx' }) });
  const fd = events.fd({ name: '/etc/hosts', ino: 77 });
  for (let i = 0; i < n; i++) {
    events.event({
      thread: i % 2 ? thread.id : other.id,
      fd: i % 3 ? fd.id : 0,
      res: (i % 7) - 3,
      latency: i,
      args: [i, i * 3],
      data: `payload ${i}`,
    });
  }
  return events;
}

function writerOf(events: EventsBuilder, path: string, live = true): CaptureWriter {
  const writer = new CaptureWriter(path, events.tables, { level: 1, live });
  writer.meta({ epoch: '1700000000000000000', state: 'recording' });
  return writer;
}

/** All events of a capture, columns as plain arrays. */
function contents(path: string): { columns: Record<string, number[]>; payloads: string[] } {
  const capture = new CaptureReader(path);
  const columns: Record<string, number[]> = Object.fromEntries(NUMBER_COLUMN_NAMES.map((name) => [name, []]));
  const payloads: string[] = [];
  for (const head of capture.heads()) {
    const chunk: Chunk = capture.chunk(head);
    for (const name of NUMBER_COLUMN_NAMES) columns[name]!.push(...chunk[name].subarray(0, chunk.n));
    for (let i = 0; i < chunk.n; i++) payloads.push(Buffer.from(payload(chunk, i)).toString());
  }
  capture.close();
  return { columns, payloads };
}

function repeat(chunk: Chunk, times: number): OpenChunk {
  const all = new OpenChunk(chunk.n * times, 1024);
  for (let k = 0; k < times; k++) all.takeRange(chunk, 0, chunk.n);
  for (let i = 0; i < all.n; i++) {
    all.num[i] = i + 1;
    all.time[i] = i * 1000;
  }
  return all;
}

describe('a capture', () => {
  test('gives every column and payload back, over several chunks', () => {
    const events = someEvents(700);
    const all = repeat(events.chunk, 30);
    const path = join(folder, 'x.trowel');
    const writer = writerOf(events, path);
    writer.append(all);
    writer.close({ end: '123' });
    const { columns, payloads } = contents(path);
    for (const name of NUMBER_COLUMN_NAMES) expect(columns[name], name).toEqual(Array.from(all[name].subarray(0, all.n)));
    expect(payloads[8195]).toBe(`payload ${8195 % 700}`);
  });

  test('is one plain file after close', () => {
    const path = join(folder, 'x.trowel');
    const writer = writerOf(someEvents(3), path);
    writer.close({});
    const db = new Database(path, { readonly: true });
    expect(db.pragma('journal_mode', { simple: true })).toBe('delete');
    db.close();
  });

  test('is readable while it grows, and the pieces become one chunk', () => {
    const events = someEvents(500);
    const path = join(folder, 'x.trowel');
    const writer = writerOf(events, path);
    const seen: number[] = [];
    const parts = Math.ceil(CHUNK_EVENTS / 500) + 3;
    for (let k = 0; k < parts; k++) {
      const part = new OpenChunk(500, 1024);
      part.takeRange(events.chunk, 0, 500);
      for (let i = 0; i < 500; i++) part.num[i] = k * 500 + i + 1;
      writer.append(part);
      writer.flush();
      seen.push(contents(path).columns.num!.length);
    }
    expect(seen).toEqual(Array.from({ length: parts }, (_, k) => (k + 1) * 500));
    const reader = new CaptureReader(path);
    expect([...reader.heads()].map(({ n }) => n)[0]).toBe(CHUNK_EVENTS);
    writer.close({}); // with a reader open
    reader.close();
    expect(contents(path).columns.num).toEqual(Array.from({ length: parts * 500 }, (_, i) => i + 1));
  });

  test('keeps what was flushed when its writer dies', () => {
    const events = someEvents(300);
    const path = join(folder, 'x.trowel');
    const writer = writerOf(events, path);
    writer.append(events.chunk);
    writer.flush();
    const reader = new CaptureReader(path); // the writer is never closed
    expect(reader.last()).toMatchObject({ num: 300, count: 300 });
    expect(reader.meta.state).toBe('recording');
    expect(reader.dims.fds.get(1)?.name).toBe('/etc/hosts');
    reader.close();
  });

  test('passes by chunks that cannot match', () => {
    const events = someEvents(700);
    const all = repeat(events.chunk, 30);
    const path = join(folder, 'x.trowel');
    const writer = writerOf(events, path);
    writer.append(all);
    writer.close({});
    const capture = new CaptureReader(path);
    const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };
    const decoded = (filter: string) => [...capture.select(compileFilter(filter, context))].length;
    expect(decoded('evt.num=9000')).toBe(1);
    expect(decoded('proc.name=nobody')).toBe(0);
    expect(compileFilter('proc.name=nobody', context).step!.mayMatch([...capture.heads()][0]!)).toBe(false);
    capture.close();
  });

  test('of a newer schema is refused with what to do', () => {
    const path = join(folder, 'x.trowel');
    writerOf(someEvents(1), path).close({});
    const db = new Database(path);
    db.pragma('user_version = 999');
    db.close();
    expect(() => new CaptureReader(path)).toThrow(/newer Trowel.*update/);
  });

  test('is not any SQLite file', () => {
    const path = join(folder, 'other.db');
    const db = new Database(path);
    db.exec('CREATE TABLE t (x)');
    db.close();
    expect(() => new CaptureReader(path)).toThrow(/not a Trowel capture/);
  });
});

test('a capture of an older version, without a table and a column of today, opens', () => {
  const older = join(folder, 'older.trowel');
  const builder = new EventsBuilder();
  builder.event({ thread: builder.thread().id });
  const writer = new CaptureWriter(older, builder.tables, { level: 1, live: false });
  writer.meta({ epoch: '0', hostname: 'x' });
  writer.append(builder.chunk);
  writer.close({ end: '0' });
  const db = new Database(older);
  db.exec('DROP TABLE dns_socket; ALTER TABLE process DROP COLUMN cwd');
  db.close();
  const capture = new CaptureReader(older);
  expect([...capture.dims.dnsSockets.all()]).toEqual([]);
  expect([...capture.dims.processes.all()].map(({ comm, cwd }) => [comm, cwd])).toEqual([['curl', null]]);
  capture.close();
});

describe('a row whose id was changed', () => {
  /** A capture whose last descriptor has an id of the test's. */
  function changed(id: number): CaptureReader {
    const path = join(folder, 'changed.trowel');
    const writer = writerOf(someEvents(10), path);
    writer.close({});
    const db = new Database(path);
    db.prepare('UPDATE fd SET id = ? WHERE id = (SELECT max(id) FROM fd)').run(id);
    db.close();
    return new CaptureReader(path);
  }

  test.each([2 ** 32 - 2, 2 ** 40])('to %d is damage, not a walk through as many', (id) => {
    const reader = changed(id);
    expect(() => reader.dims.fds.lastId).toThrow(`is damaged: table fd: row ${id} is none that a capture has`);
    reader.close();
  });

  test('to a large one is gone through without the gap', () => {
    const reader = changed(2 ** 24);
    const { user } = process.cpuUsage();
    for (let i = 0; i < 100; i++) expect([...reader.dims.fds.all()].at(-1)?.id).toBe(2 ** 24);
    expect((process.cpuUsage().user - user) / 1e6).toBeLessThan(1);
    reader.close();
  });
});

/** A closed capture of some events, and of rows of sizes. */
function capture(name: string, small: boolean): string {
  const path = join(folder, name);
  const events = someEvents(700);
  for (let i = 0; i < 300; i++) {
    events.tables.threadStats.add({ tid: 7, vmsize: 1000 + i, vmrss: i % 9, vmswap: 0, children: 0, from: i * 10, to: null });
  }
  const writer = new CaptureWriter(path, events.tables, { level: 3, live: false, small });
  writer.meta({ epoch: '0' });
  writer.append(repeat(events.chunk, 30));
  writer.close({});
  return path;
}

test('a small capture says the same as any other, in fewer bytes', () => {
  const [small, other] = [capture('small.trowel', true), capture('other.trowel', false)];
  expect(contents(small)).toEqual(contents(other));
  expect(statSync(small).size).toBeLessThan(statSync(other).size);
});

test('what processes have in common is stored once, and their rows have it in common', () => {
  const path = join(folder, 'x.trowel');
  const builder = new EventsBuilder();
  const env = ['HOME=/', `PATH=${'/bin:'.repeat(100)}`];
  for (let pid = 100; pid < 150; pid++) builder.process({ pid, env: [...env], args: [`--worker=${pid}`] });
  writerOf(builder, path).close({});
  const reader = new CaptureReader(path);
  const rows = [...reader.dims.processes.all()].slice(-50);
  expect(rows.map(({ args }) => args[0])).toEqual(Array.from({ length: 50 }, (_, i) => `--worker=${100 + i}`));
  for (const row of rows) expect(row.env).toBe(rows[0]!.env);
  expect(rows[0]!.env).toEqual(env);
  reader.close();
  const db = new Database(path, { readonly: true });
  expect(db.prepare("SELECT count(*) FROM text WHERE value LIKE '%PATH=%'").pluck().get()).toBe(1);
  db.close();
});

test('a capture of schema 1, with texts in each row and sizes one by one, opens', () => {
  const path = capture('older.trowel', false);
  const db = new Database(path);
  db.exec(`
    UPDATE process SET args = '["-v"]', env = NULL, cgroups = '["=/old"]';
    DROP TABLE text;
    DROP TABLE thread_stat;
    CREATE TABLE thread_stat (id INTEGER PRIMARY KEY, tid INTEGER, vmsize INTEGER, vmrss INTEGER, vmswap INTEGER, children INTEGER, "from" INTEGER, "to" INTEGER);
    INSERT INTO thread_stat VALUES (1, 7, 1000, 0, 0, 0, 0, NULL), (2, 7, 1001, 1, 0, 0, 10, NULL);
    PRAGMA user_version = 1;
  `);
  db.close();
  const reader = new CaptureReader(path);
  expect(reader.dims.processes.get(1)).toMatchObject({ args: ['-v'], env: null, cgroups: ['=/old'] });
  expect([...reader.dims.threadStats.all()].map(({ vmsize }) => vmsize)).toEqual([1000, 1001]);
  reader.close();
});

describe('a damaged capture', () => {
  /** The capture, after `sql` was run on it. */
  function damaged(sql: string): CaptureReader {
    const path = capture('damaged.trowel', true);
    const db = new Database(path);
    db.exec(sql);
    db.close();
    return new CaptureReader(path);
  }

  const CASES: readonly (readonly [what: string, sql: string, ask: (reader: CaptureReader) => unknown, says: RegExp])[] = [
    ['a column cut', 'UPDATE chunk_column SET data = substr(data, 1, 30)', (r) => first(r).latency, /damaged.*column latency of events from 1 on/],
    ['a column of bytes cut', 'UPDATE chunk_column SET data = substr(data, 1, 9) WHERE id % 32 = 13', (r) => first(r).data, /damaged.*column data/],
    ['lengths that do not fit the bytes', 'UPDATE chunk_column SET data = (SELECT data FROM chunk_column WHERE id = 32 + 10) WHERE id = 32 + 12', (r) => first(r).data, /damaged.*column data/],
    ['a chunk that says it is huge', 'UPDATE chunk SET n = 4e15', first, /damaged.*chunk 1/],
    ['a text that is not there', 'DELETE FROM text', (r) => r.dims.processes.get(1), /damaged.*table process.*no text 1/],
    ['a text that is none', "UPDATE text SET value = '[\"'", (r) => r.dims.processes.get(1), /damaged.*table process/],
    ['a block cut', 'UPDATE thread_stat SET block = substr(block, 1, 70)', (r) => r.dims.threadStats.get(1), /damaged.*table thread_stat/],
    ['a block that says it is huge', 'UPDATE thread_stat SET n = 1e12', (r) => r.dims.threadStats.get(1), /damaged.*table thread_stat/],
  ]; // biome-ignore format: a table

  function first(reader: CaptureReader): Chunk {
    return reader.chunk(reader.heads().next().value!);
  }

  test.each(CASES)('%s', (_, sql, ask, says) => {
    const reader = damaged(sql);
    expect(() => ask(reader)).toThrow(says);
    expect(() => ask(reader)).toThrow(CaptureError);
    reader.close();
  });
});
