/** Nothing that others chose moves the terminal: not names out of captures, not paths, not what servers and SQLite say of them. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';

/** Escape sequences, the clipboard (OSC 52), C1 controls, a bell, and what turns a line around. */
const HOSTILE = '\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202eevil\u2066\r\x08';
const UNSAFE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u;

const folder = mkdtempSync(join(tmpdir(), 'trowel-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain = join(folder, 'plain.trowel');
const events = new EventsBuilder();
const thread = events.thread().id;
const file = events.fd({ name: '/etc/hosts' }).id;
const socket = events.udp('172.17.0.7:40000', '10.3.0.10:53').id;
events.event({ thread, fd: file, res: 9, data: 'needle123' });
events.event({ thread, fd: socket, type: 'sendto', res: 9, data: 'needle123' });
events.tables.losses.add({ reason: 'ring', cpu: 0, family: 'file', count: 3, from: 0, to: 9 });
const writer = new CaptureWriter(plain, events.tables, { level: 1, live: false });
writer.meta({ epoch: '1700000000000000000', hostname: 'node-1' });
writer.append(events.chunk);
writer.close({ end: '1000000' });

function trowel(words: readonly string[]) {
  return spawnSync(process.execPath, [join(packageRoot(), 'dist/trowel.js'), ...words], { encoding: 'utf8', cwd: folder });
}

function expectHarmless(words: readonly string[]): string {
  const { stdout, stderr, status } = trowel(words);
  expect([words, stdout.match(UNSAFE), stderr.match(UNSAFE)]).toEqual([words, null, null]);
  expect([0, 1, 2]).toContain(status);
  return stdout + stderr;
}

const COMMANDS: readonly (readonly string[])[] = [
  ['info', 'F'],
  ['info', '--json', 'F'],
  ['read', 'F'],
  ['trace-string', 'F', 'needle123'],
  ['lens', 'connections', 'F'],
  ['explain', 'F'],
];
/** A copy of the capture in which these columns, `table.column`, hold it; `meta.key` is what it says of itself. */
function withHostile(places: readonly string[]): string {
  const path = join(folder, 'changed.trowel');
  copyFileSync(plain, path);
  const db = new Database(path);
  for (const [table, column] of places.map((place) => place.split('.') as [string, string])) {
    if (table === 'meta') db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(column, HOSTILE);
    else db.prepare(`UPDATE "${table}" SET "${column}" = ?`).run(HOSTILE);
  }
  if (places.includes('meta.broke')) db.exec("UPDATE meta SET value = 'broke off' WHERE key = 'state'");
  db.close();
  return path;
}

describe('a capture that holds escape sequences', () => {
  test.each([
    [['fd.kind', 'fd.name', 'fd.role', 'fd.remote_ip', 'process.exe', 'process.comm', 'thread.comm', 'loss.reason', 'loss.family']],
    [['event_type.name', 'event_type.family', 'event_type.category']],
    [['meta.hostname', 'meta.command', 'meta.notes', 'meta.names', 'meta.end', 'meta.kernel', 'meta.broke']],
    [['meta.epoch', 'meta.state']],
  ])('in %j', (places) => {
    const path = withHostile(places);
    for (const words of COMMANDS) expectHarmless(words.map((word) => (word === 'F' ? path : word)));
  });

  test.each(['fd.local_port', 'process.pid', 'process.args', 'event_type.args', 'loss.count'])('as %s, which is another thing', (place) => {
    const said = expectHarmless([place.startsWith('loss') ? 'info' : 'explain', withHostile([place])]);
    expect(said).toMatch(/rows? of the table \w+ could not be read|there is nothing|no process/);
  });
});

describe('what is wrong is told without them', () => {
  test.each([
    ['a file that is not there', [`no${HOSTILE}`]],
    ['a file that is no capture', ['info', `f${HOSTILE}`]],
    ['a filter', ['read', 'F', `proc.name=${HOSTILE} and`]],
    ['a field', ['read', 'F', `${HOSTILE}=1`]],
    ['an option', ['read', `--${HOSTILE}`, 'F']],
    ['a command', ['lens', HOSTILE, 'F']],
    ['a target', ['import', 'F', '-w', `f${HOSTILE}`]],
    ['a needle', ['trace-string', 'F', HOSTILE]],
  ])('%s', (_, words) => {
    writeFileSync(join(folder, `f${HOSTILE}`), 'x');
    expect(expectHarmless(words.map((word) => (word === 'F' ? plain : word)))).not.toBe('');
  });
});

test('only one file writes to standard error', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  const writing = files.filter((name) =>
    /(process\.|[^#.\w])stderr\.write|console\.(error|warn)/.test(readFileSync(join('src', name), 'utf8')),
  );
  expect(writing).toEqual(['output/stderr.ts']);
});
