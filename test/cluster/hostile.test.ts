/** Names that mean something to SQL, wherever a store meets names: in what is pushed, asked for and filtered by. Random, from a seed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { storeAddress } from '../../src/cluster/address.ts';
import type { StoreClient } from '../../src/cluster/client.ts';
import { conditionOf, countOf } from '../../src/cluster/fold.ts';
import { pull } from '../../src/cluster/pull.ts';
import { push } from '../../src/cluster/push.ts';
import { recordings } from '../../src/cluster/recording.ts';
import { StoreStream } from '../../src/cluster/stream.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { written } from '../../src/filter/literal.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { seeded } from '../bench/synthetic.ts';
import { Folder } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { ClickHouse, noClickHouse } from './clickhouse.ts';

const SEED = Number(process.env.SEED ?? 17);
const NAMES = 40;
const ALL = { from: null, to: null };
/** Pieces of which names are made. */
const PIECES = [
  ...[
    "'",
    '"',
    '`',
    '\\',
    '\\\\',
    "\\'",
    "''",
    ';',
    '--',
    '/*',
    '*/',
    '#',
    '(',
    ')',
    '{',
    '}',
    '{a:String}',
    '%',
    '_',
    '$1',
    '?',
    '\n',
    '\t',
    '\r',
  ],
  ...[
    '\u0000',
    '\u00a0',
    '\u2019',
    '\ud83d\ude00',
    'é',
    ' OR 1=1',
    ' UNION ALL SELECT ',
    "');DROP TABLE event;--",
    'FORMAT Native',
    'NULL',
    'a',
    'node',
  ],
];

const random = seeded(SEED);
const nasty = () => Array.from({ length: 1 + Math.floor(random() * 5) }, () => PIECES[Math.floor(random() * PIECES.length)]!).join('');
const names = [...new Set(Array.from({ length: NAMES }, nasty))];

describe.skipIf(noClickHouse !== null)(`hostile names, seed ${SEED} (${noClickHouse ?? 'a real server'})`, () => {
  const server = new ClickHouse();
  const folder = new Folder();
  let client: StoreClient;
  let capture: CaptureReader;
  const hostname = names[0]!;

  beforeAll(async () => {
    await server.start();
    client = await server.store('trowel');
    const made = new EventsBuilder();
    for (const name of names) {
      const thread = made.thread({ of: made.process({ comm: name, exe: name, args: [name], cwd: name, container: name }), comm: name }).id;
      made.event({ type: 'read', thread, fd: made.fd({ name }).id, data: name });
    }
    capture = new CaptureReader(folder.capture('hostile.trowel', made, { hostname, command: names[1]!, state: 'complete' }));
    await push(capture, contextOf(capture), client);
  }, 60_000);

  afterAll(async () => {
    await client.close();
    capture.close();
    folder.remove();
    await server.remove();
  });

  test('come back as they were', async () => {
    const [recording] = await recordings(client, [hostname]);
    const path = folder.file('back.trowel');
    expect(await pull(client, recording!, ALL, path)).toBe(names.length);
    const back = new CaptureReader(path);
    for (const name of ['processes', 'threads', 'fds'] as const) expect([...back.dims[name].all()]).toEqual([...capture.dims[name].all()]);
    expect(back.meta).toEqual(capture.meta);
    back.close();
  });

  test('are values in filters, and never SQL', async () => {
    const [recording] = await recordings(client, []);
    const stream = await StoreStream.open(client, recording!, ALL);
    const context = contextOf(stream);
    for (const name of names) {
      for (const text of [
        `proc.name=${written(name)}`,
        `fd.name=${written(name)} or proc.cwd=${written(name)}`,
        `evt.buffer contains ${written(name)}`,
      ]) {
        const filter = compileFilter(text, context);
        const fold = { recording: recording!, range: ALL, filter };
        for (const where of [stream.where(filter.plan), await conditionOf(client, fold, context)])
          expect((where ?? '').replace(/unhex\('[0-9a-f]*'\)/g, ''), text).toMatch(/^[a-z_A-Z0-9 ()<>=!,]*$/);
        const here = [...capture.select(compileFilter(text, contextOf(capture)))].reduce((sum, { n }) => sum + n, 0);
        expect(await countOf(client, fold, context), text).toBe(here);
      }
      expect((await recordings(client, [name])).length, name).toBe(name === hostname ? 1 : 0);
    }
    expect((await client.rows<{ n: string }>('SELECT count() AS n FROM trowel.event'))[0]!.n).toBe(String(names.length));
  }, 60_000);

  test('name no database', () => {
    for (const name of names) {
      const isPlain = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name);
      if (!isPlain) expect(() => storeAddress(`clickhouse://127.0.0.1:8123/${encodeURIComponent(name)}`), name).toThrow();
    }
  });
});
