/** The tables and every query of a store, in today's engine. Its server, and a cluster of such servers, are not tried by this. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { storeRank } from '../../src/cli/store-fold.ts';
import type { StoreClient } from '../../src/cluster/client.ts';
import { conditionOf } from '../../src/cluster/fold.ts';
import { retain } from '../../src/cluster/maintain.ts';
import { pull } from '../../src/cluster/pull.ts';
import { push } from '../../src/cluster/push.ts';
import { type Recording, recordings } from '../../src/cluster/recording.ts';
import { createStatements } from '../../src/cluster/schema.ts';
import { StoreStream } from '../../src/cluster/stream.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { ask } from '../../src/lens/ask.ts';
import { LENSES } from '../../src/lens/index.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CAPTURE, expectSame, Folder, trowel } from '../export/made.ts';
import { REFERENCE_FILTERS } from '../helpers/reference-filters.ts';
import { Chdb, noChdb } from './chdb.ts';
import { nodesOf } from './nodes.ts';

const ALL = { from: null, to: null };
const MINUTE = 60_000;

describe.skipIf(noChdb !== null)(`today’s engine (${noChdb ?? 'embedded'})`, () => {
  const server = new Chdb();
  const folder = new Folder();
  const capture = new CaptureReader(CAPTURE);
  let client: StoreClient;
  let recording: Recording;

  beforeAll(async () => {
    process.env.XDG_CACHE_HOME = folder.file('cache');
    await server.start();
    client = await server.store('trowel');
    await push(capture, contextOf(capture), client);
    recording = (await recordings(client, []))[0]!;
  }, MINUTE);

  afterAll(async () => {
    await client.close();
    capture.close();
    folder.remove();
    await server.remove();
  });

  const numbers = (where: string) =>
    client
      .rows<{ num: string }>(`SELECT num FROM ${client.database}.event WHERE ${where} ORDER BY num`)
      .then((rows) => rows.map(({ num }) => Number(num)));

  function numbersHere(text: string): number[] {
    const found: number[] = [];
    for (const { chunk, selection, n } of capture.select(compileFilter(text, contextOf(capture))))
      for (let k = 0; k < n; k++) found.push(chunk.num[selection[k]!]!);
    return found;
  }

  test('takes the tables of a cluster, too', async () => {
    expect(await client.isModern()).toBe(true);
    for (const here of [true, false])
      for (const replicated of [true, false])
        for (const statement of createStatements('other', { name: 'many', here, replicated }, true))
          expect((await client.rows<{ explain: string }>(`EXPLAIN AST ${statement}`)).length).toBeGreaterThan(1);
  });

  test('gives back what it was given, and keeps once what is sent again', async () => {
    expect((await push(capture, contextOf(capture), client)).stored).toBe(0);
    const path = folder.file('back.trowel');
    expect(await pull(client, recording, ALL, path)).toBe(452);
    expectSame(path, CAPTURE);
  });

  test(
    'finds the same by all filters',
    async () => {
      const stream = await StoreStream.open(client, recording, ALL);
      const context = contextOf(stream);
      const given = new Map<string, number[]>();
      const gives = async (where: string) => {
        if (!given.has(where)) given.set(where, await numbers(where));
        return given.get(where)!;
      };
      let decided = 0;
      for (const text of REFERENCE_FILTERS) {
        const filter = compileFilter(text, context);
        const here = numbersHere(text);
        const exact = await conditionOf(client, { recording, range: ALL, filter }, context);
        if (exact !== null) expect(await gives(exact), text).toEqual(here);
        if (exact !== null) decided++;
        if (stream.answers(filter.fields)) {
          const may = new Set(await gives(stream.where(filter.plan)));
          expect(
            here.filter((num) => !may.has(num)),
            text,
          ).toEqual([]);
        }
      }
      expect(decided / REFERENCE_FILTERS.length).toBeGreaterThan(0.4);
    },
    3 * MINUTE,
  );

  test(
    'ranks as from the file',
    async () => {
      const sorted = (rows: Iterable<unknown>): string[] => [...rows].map((row) => JSON.stringify(row)).sort();
      let folded = 0;
      for (const lens of LENSES) {
        if (lens.ask.kind !== 'rank' || lens.args.length > 0) continue;
        const found = await storeRank({ lens }, server.at('trowel'));
        if (found === null) continue;
        folded++;
        const here = ask({ lens }, capture, contextOf(capture));
        if (here.kind === 'table') expect(sorted(found.items), lens.name).toEqual(sorted(here.items));
      }
      expect(folded).toBeGreaterThan(10);
    },
    MINUTE,
  );

  test(
    'answers commands as the file does, of one node and of several',
    async () => {
      const of = (...words: string[]) => trowel(...words).stdout;
      for (const [name, ...rest] of [['dns'], ['explain'], ['lens', 'services'], ['read', 'proc.name=curl and fd.type=ipv4', '--count']]) {
        const words = (source: string) => (name === 'lens' ? [...rest, source] : [source, ...rest]);
        expect(of(name!, ...words(server.at('trowel')), '--json'), name).toBe(of(name!, ...words(CAPTURE), '--json'));
      }
      const nodes = nodesOf(folder, 'shop');
      const shop = server.at('shop');
      expect(of('cluster', 'init', shop)).toBe('');
      for (const node of ['node1', 'node2'])
        expect(trowel('push', join(nodes, `${node}.trowel`), shop).stderr).toMatch(/\d+ events stored/);
      for (const [name, ...rest] of [['read', '--count'], ['explain']]) expect(of(name!, shop, ...rest)).toBe(of(name!, nodes, ...rest));
    },
    5 * MINUTE,
  );

  test('drops whole days', async () => {
    const now = Date.parse('2026-11-25T12:00:00Z');
    expect(await retain(client, { days: null, bytes: null, disk: 1 }, null, now)).toEqual([]);
    expect(await retain(client, { days: null, bytes: null, disk: 0.0001 }, null, now)).toEqual(['20261121']); // it is fuller than that
    expect(await numbers('1')).toEqual([]);
    expect(await recordings(client, [])).toEqual([]);
  });
});
