/** A store on a real server: what comes back is what went in, and filters find the same in both places. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import type { StoreClient } from '../../src/cluster/client.ts';
import { init, retain } from '../../src/cluster/maintain.ts';
import { pull } from '../../src/cluster/pull.ts';
import { push } from '../../src/cluster/push.ts';
import { type Recording, recordings } from '../../src/cluster/recording.ts';
import { EVENT_COLUMNS } from '../../src/cluster/schema.ts';
import { StoreStream } from '../../src/cluster/stream.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { CAPTURE, expectSame, Folder, trowel } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { REFERENCE_FILTERS } from '../helpers/reference-filters.ts';
import { ClickHouse, noClickHouse } from './clickhouse.ts';

const ALL = { from: null, to: null };
const FROM = '2026-11-21T07:58:30Z';
const WAIT = { timeout: 60_000, interval: 50 };

describe.skipIf(noClickHouse !== null)(`a store (${noClickHouse ?? 'a real server'})`, () => {
  const server = new ClickHouse();
  const folder = new Folder();
  const capture = new CaptureReader(CAPTURE);
  let client: StoreClient;
  let recording: Recording;
  let store = '';

  beforeAll(async () => {
    await server.start();
    store = server.at('trowel');
    client = await server.store('trowel');
    await push(capture, contextOf(capture), client);
    recording = (await recordings(client, []))[0]!;
  }, 60_000);

  afterAll(async () => {
    await client.close();
    capture.close();
    folder.remove();
    await server.remove();
  });

  const count = async () => Number((await client.rows<{ n: string }>(`SELECT count() AS n FROM ${client.database}.event`))[0]!.n);

  test('gives back what it was given', async () => {
    const path = folder.file('back.trowel');
    expect(await pull(client, recording, ALL, path)).toBe(452);
    expectSame(path, CAPTURE);
    expect(trowel('explain', path).stdout).toBe(trowel('explain', CAPTURE).stdout);
  });

  test('keeps what is pushed again once, and adds what is missing', async () => {
    expect((await push(capture, contextOf(capture), client)).stored).toBe(0);
    await client.command(`ALTER TABLE ${client.database}.event DROP PARTITION ID '20261121'`);
    expect(await count()).toBe(0);
    const part = folder.file('part.trowel');
    expect(trowel('slice', CAPTURE, 'proc.name=curl', '-w', part).status).toBe(0);
    const slice = new CaptureReader(part);
    const { stored } = await push(slice, contextOf(slice), client);
    slice.close();
    expect(stored).toBeGreaterThan(0);
    expect((await push(capture, contextOf(capture), client)).stored).toBe(452 - stored);
    expect(await count()).toBe(452);
  });

  test('finds the same by all filters', async () => {
    const stream = await StoreStream.open(client, recording, ALL);
    const context = contextOf(stream);
    const told = new Map<string, string>();
    let [asked, narrowed] = [0, 0];
    for (const text of REFERENCE_FILTERS) {
      const filter = compileFilter(text, context);
      if (!stream.answers(filter.fields)) continue;
      asked++;
      const where = stream.where(filter.plan);
      if (where !== stream.where(null)) narrowed++;
      const here = numbersHere(text);
      let given = told.get(where);
      if (given === undefined) {
        const rows = await client.rows<{ num: string }>(`SELECT num FROM ${client.database}.event WHERE ${where} ORDER BY num`);
        given = ` ${rows.map(({ num }) => num).join(' ')} `;
        told.set(where, given);
      }
      const lacking = here.filter((num) => !given.includes(` ${num} `));
      expect(lacking, text).toEqual([]);
    }
    expect(asked).toBeGreaterThan(100);
    expect(narrowed / asked).toBeGreaterThan(0.5);
  }, 120_000);

  test.each([
    'proc.name=curl and fd.type=ipv4',
    'not (proc.name=curl or fd.type=file) and evt.latency>10us',
    'evt.buffer contains localdomain',
    'fd.port=53 and evt.num>400 and evt.num<=500',
    'dns.qname exists and not evt.failed=true',
    'evt.deltatime>1ms and fd.type=ipv4',
  ])('reads %s', (filter) => {
    expect(trowel('read', store, filter, '--json').stdout).toBe(trowel('read', CAPTURE, filter, '--json').stdout);
  });

  test('has no use for SQL in a filter', async () => {
    for (const hostile of ["x' OR 1=1 --", 'x\\', "');DROP TABLE event;--", '\u0000', '`', '{a:String}', "\\'"]) {
      for (const text of [`proc.name=${JSON.stringify(hostile)}`, `evt.buffer contains ${JSON.stringify(hostile)}`]) {
        const stream = await StoreStream.open(client, recording, ALL);
        const where = stream.where(compileFilter(text, contextOf(stream)).plan);
        expect(where).toMatch(/^[a-z_A-Z0-9 ()<>=,']*$/);
        expect(where.replace(/unhex\('[0-9a-f]*'\)/g, '')).not.toContain("'");
      }
      await expect(recordings(client, [hostile])).resolves.toEqual([]);
    }
    expect(await count()).toBe(452);
  });

  function numbersHere(text: string): number[] {
    const found: number[] = [];
    for (const { chunk, selection, n } of capture.select(compileFilter(text, contextOf(capture))))
      for (let k = 0; k < n; k++) found.push(chunk.num[selection[k]!]!);
    return found;
  }

  test('answers other questions as the file does', () => {
    for (const words of [['dns'], ['explain'], ['lens', 'services']]) {
      const [name, ...rest] = words;
      expect(trowel(name!, ...rest, store, '--json').stdout, name).toBe(trowel(name!, ...rest, CAPTURE, '--json').stdout);
    }
  });

  test('says what it does not have', () => {
    expect(trowel('read', `${store}?node=elsewhere`).stderr).toMatch(/has no such recording; there are some of node-1/);
    expect(trowel('read', server.at('empty')).stderr).toMatch(/trowel cluster init/);
    expect(trowel('read', `${store}?from=2030-01-01`).stderr).toMatch(
      /has nothing of that time: its recordings are of 2026-11-\S+Z to 2026-11-/,
    );
    expect(trowel('read', 'clickhouse://127.0.0.1:1/trowel').stderr).toMatch(/ECONNREFUSED/);
    expect(trowel('read', store, store).stderr).toMatch(/a store is asked alone/);
    expect(trowel('read', `${store}%zz`).stderr).toMatch(/names a database that is not of letters/);
  });

  test('gives a stretch', () => {
    const path = folder.file('stretch.trowel');
    rmSync(path, { force: true });
    const { stderr } = trowel('pull', store, '--from', '2026-11-21T07:58:30Z', '-w', path);
    expect(stderr).toMatch(/\d+ events/);
    const after = Number(trowel('read', CAPTURE, '--from', '2026-11-21T07:58:30Z', '--count').stdout);
    expect(Number(trowel('read', path, '--count').stdout)).toBe(after);
    expect(after).toBeLessThan(452);
  });

  test.each([['read', '--count'], ['dns'], ['explain'], ['sql', 'SELECT count(*) FROM events']])(
    '%s %s takes times',
    (command, ...rest) => {
      const there = trowel(command, store, ...rest, '--from', FROM, '--to', '-1s'); // before now, which is long after
      expect(there.stdout).toBe(trowel(command, CAPTURE, ...rest, '--from', FROM).stdout);
      expect(there.stdout).not.toBe('');
    },
  );

  test('a folder is pushed as the recordings that are in it', async () => {
    const made = new EventsBuilder();
    made.event();
    mkdirSync(folder.file('nodes'));
    for (const hostname of ['node-a', 'node-b', 'node-c']) folder.capture(join('nodes', `${hostname}.trowel`), made, { hostname });
    const other = await server.store('nodes');
    const nodes = async () => (await recordings(other, [])).map(({ node }) => node).sort();
    expect(trowel('push', folder.file('nodes'), server.at('nodes'), '--node', 'node-b', '--node', 'node-c').status).toBe(0);
    expect(await nodes()).toEqual(['node-b', 'node-c']);
    expect(trowel('push', folder.file('nodes'), server.at('nodes')).stderr).toMatch(/node-a\.trowel: 1 events stored$/m);
    expect(await nodes()).toEqual(['node-a', 'node-b', 'node-c']);
    await other.close();
  });

  test('a recording is sent as it comes', async () => {
    const path = folder.file('growing.trowel');
    const made = new EventsBuilder();
    for (let k = 0; k < 2500; k++) made.event();
    const writer = new CaptureWriter(path, made.tables, { level: 1, live: true });
    writer.meta({ epoch: '1700000000000000000', hostname: 'growing', state: 'recording' });
    writer.append(made.chunk, 0, 1000);
    writer.flush();
    const other = await server.store('other');
    const to = server.at('other');
    const sender = spawn(process.execPath, [join(packageRoot(), 'dist/trowel.js'), 'push', path, to, '--follow'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => sender.once('exit', resolve));
    const there = async () => {
      const [one] = await recordings(other, ['growing']);
      return one === undefined ? [0, ''] : [one.events, one.meta.state];
    };
    await vi.waitUntil(async () => (await there())[0] === 1000, WAIT);
    writer.append(made.chunk, 1000, 2500);
    writer.close({ end: '3000000', state: 'complete' });
    expect(await ended).toBe(0);
    expect(await there()).toEqual([2500, 'complete']);
    expect((await other.rows<{ n: string }>('SELECT uniqExact(num) AS n FROM other.event'))[0]!.n).toBe('2500');
    await other.close();
  });

  test('gives the events of a verdict', () => {
    const [there, here] = [folder.file('story.trowel'), folder.file('story-here.trowel')];
    expect(trowel('pull', store, '--node', 'node-1', '--story', '1', '-w', there).stderr).toMatch(/: \d+ events/);
    trowel('slice', CAPTURE, '--story', '1', '-w', here);
    expect(trowel('read', there, '--json').stdout).toBe(trowel('read', here, '--json').stdout);
  });

  test('a reader reads and does not write', () => {
    const reader = store.replace('//', '//reader@');
    expect(trowel('read', reader, '--count').stdout).toBe('452\n');
    expect(trowel('push', CAPTURE, reader).stderr).toMatch(/readonly/i);
  });

  test('takes times with fractions of a ns, which some recordings of names have', async () => {
    const made = new EventsBuilder();
    made.event();
    made.tables.users.add({ uid: 7, gid: 7.4, name: 'seven', home: '', shell: '' });
    const path = folder.file('fractions.trowel');
    const writer = new CaptureWriter(path, made.tables, { level: 1, live: false });
    writer.meta({ epoch: '1700000000000000000', hostname: 'fractions' });
    writer.append(made.chunk, 0, 1);
    writer.close({ end: '0' });
    const other = await server.store('fractions');
    const opened = new CaptureReader(path);
    expect((await push(opened, contextOf(opened), other)).stored).toBe(1);
    expect(await other.rows('SELECT gid FROM fractions.row_user')).toEqual([{ gid: '7' }]);
    opened.close();
    await other.close();
  });

  test('tables of version 1 are refused until cluster init brings them up to date', async () => {
    const older = await server.store('older');
    for (const statement of [
      "ALTER TABLE older.event ADD COLUMN type LowCardinality(String) DEFAULT 'read' AFTER latency",
      "ALTER TABLE older.version DROP PARTITION '2100-01-01'",
    ])
      await older.command(statement);
    await older.insertRows('version', [{ id: 1, day: '2100-01-01', v: 1 }]);
    await expect(older.check()).rejects.toThrow('older Trowel (version 1): trowel cluster init brings its tables up to date');
    await init(older, null);
    await older.check();
    expect((await push(capture, contextOf(capture), older)).stored).toBe(452);
    const [row] = await older.rows<{ n: string }>("SELECT count() AS n FROM system.columns WHERE database = 'older' AND table = 'event'");
    expect(Number(row!.n)).toBe(EVENT_COLUMNS.length);
    await older.close();
  });

  test('drops whole days', async () => {
    const now = Date.parse('2026-11-25T12:00:00Z');
    expect(await retain(client, { days: 7, bytes: null, disk: null }, null, now)).toEqual([]);
    await expect(retain(client, { days: null, bytes: null, disk: 0.8 }, null, now)).rejects.toThrow(
      'does not tell how large its disks are',
    );
    expect(await retain(client, { days: 3, bytes: null, disk: null }, null, now)).toEqual(['20261121']);
    expect(await count()).toBe(0);
    expect(await recordings(client, [])).toEqual([]);
  });
});
