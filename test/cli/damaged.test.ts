/** Every command reads of a damaged capture what can be read, and says what is missing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHUNK_EVENTS } from '../../src/model/chunk.ts';
import { COLUMN_NUMBER, COLUMN_SLOTS } from '../../src/store/schema.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { trowel } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-damaged-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const CHUNKS = 3;
const EVENTS = CHUNK_EVENTS;
/** The chunk that is damaged, counted from 0. */
const BAD = 1;
const MISSING = `events ${BAD * EVENTS + 1} to ${(BAD + 1) * EVENTS}`;

/** Chunks of numbered reads, whose lines are more than a pipe takes at once. */
function write(path: string): void {
  const made = new EventsBuilder();
  const thread = made.thread({ of: made.process({ comm: 'reader' }) }).id;
  const writer = new CaptureWriter(path, made.tables, { level: 1, live: false });
  writer.meta({ epoch: '1700000000000000000', hostname: 'node-1' });
  for (let k = 0; k < CHUNKS; k++) {
    made.chunk.n = 0;
    for (let i = 0; i < EVENTS; i++) made.event({ type: 'read', thread, res: i, data: `event ${k * EVENTS + i} ${'x'.repeat(40)}` });
    for (let i = 0; i < EVENTS; i++) made.chunk.num[i] = k * EVENTS + i + 1;
    writer.append(made.chunk);
  }
  writer.close({ end: '0', state: 'complete' });
}

function change(path: string, from: string, sql: string): void {
  writeFileSync(path, readFileSync(from));
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

beforeAll(() => {
  write(file('whole.trowel'));
  const db = new Database(file('whole.trowel'), { readonly: true });
  const ids = db.prepare('SELECT id FROM chunk ORDER BY last_num').pluck().all() as number[];
  db.close();
  expect(ids).toHaveLength(CHUNKS);
  const column = ids[BAD]! * COLUMN_SLOTS + COLUMN_NUMBER.time;
  change(file('hole.trowel'), file('whole.trowel'), `UPDATE chunk_column SET data = x'ff' WHERE id = ${column}`);
  change(file('row.trowel'), file('whole.trowel'), "UPDATE process SET comm = x'07' WHERE pid = 100");
});

describe('a chunk in the middle that cannot be read', () => {
  test('is left out of the events, of which none is printed twice', () => {
    const whole = trowel('read', file('whole.trowel')).stdout.trimEnd().split('\n');
    const { status, stdout, stderr } = trowel('read', file('hole.trowel'));
    expect(stderr).toMatch(new RegExp(`hole\\.trowel: ${MISSING} \\(.*\\) could not be read; the rest is read\n$`));
    expect([status, stdout.trimEnd().split('\n')]).toEqual([0, whole.toSpliced(BAD * EVENTS, EVENTS)]);
  });

  test.each([
    [['read', file('hole.trowel'), '--json']],
    [['export', file('hole.trowel'), '--format', 'csv']],
    [['lens', 'events', file('hole.trowel'), 'evt.reltime>1ms']],
    [['explain', file('hole.trowel'), '--pid', '100']],
    [['sql', file('hole.trowel'), 'SELECT max(time) FROM events']],
  ])('%j says so, and gives the rest', ([command, ...words]) => {
    const { status, stderr } = trowel(command!, ...words);
    expect([status, stderr]).toEqual([0, expect.stringContaining(MISSING)]);
  });

  test('a new file is not made of two halves', () => {
    const { status, stderr } = trowel('slice', file('hole.trowel'), 'evt.num>0', '-w', file('slice.trowel'));
    expect([status, stderr]).toEqual([1, expect.stringMatching(/is damaged: .*trowel repair/)]);
  });
});

/** A copy of the capture with pages of zeros. */
function emptied(name: string, ...pages: readonly number[]): string {
  const bytes = readFileSync(file('whole.trowel'));
  for (const page of pages) bytes.fill(0, (page - 1) * 4096, page * 4096);
  writeFileSync(file(name), bytes);
  return file(name);
}

describe('pages that SQLite needs to open a file', () => {
  test('without its first one all of it is read', () => {
    const { status, stdout, stderr } = trowel('read', emptied('headless.trowel', 1), '--count');
    expect([status, stdout, stderr]).toEqual([0, `${CHUNKS * EVENTS}\n`, '']);
  });

  test('without what it says of itself it is read, and repair says what is lost', () => {
    const path = emptied('nameless.trowel', 1, 2);
    const { status, stdout, stderr } = trowel('read', path, '--count');
    expect([status, stdout]).toEqual([0, `${CHUNKS * EVENTS}\n`]);
    expect(stderr).toContain('rows of the table meta; when it was recorded, so its times count from 1 January 1970 could not be read');
    expect(trowel('repair', path, '-w', file('named.trowel'))).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^missing: rows of the table meta\nmissing: when/),
    });
  });
});

test('a row that makes no sense costs that row', () => {
  const { status, stdout, stderr } = trowel('read', file('row.trowel'), '--count');
  expect([status, stdout]).toEqual([0, `${CHUNKS * EVENTS}\n`]);
  expect(trowel('read', file('row.trowel'), 'proc.exepath startswith /usr', '--count').stderr).toContain(
    '1 row of the table process could not be read',
  );
  expect(stderr).toBe('');
});

test.each([
  ['nothing', 'missing.trowel', /missing\.trowel: no such file\n$/],
  ['a folder', '.', /is no Trowel capture: only those are repaired/],
  ['text', 'notes.txt', /is no Trowel capture: only those are repaired/],
])('repair of %s says what it is', (_, name, says) => {
  writeFileSync(file('notes.txt'), 'no capture');
  const { status, stderr } = trowel('repair', file(name), '-w', file('never.trowel'));
  expect([status, stderr]).toEqual([1, expect.stringMatching(says)]);
});

test('info says what is not there, also of what was repaired', () => {
  expect(trowel('repair', file('hole.trowel'), '-w', file('repaired.trowel')).status).toBe(0);
  const { stdout } = trowel('info', file('repaired.trowel'));
  expect(stdout).toContain('a part of a damaged file');
  expect(stdout).toMatch(new RegExp(`the file was damaged: ${MISSING}`));
});
