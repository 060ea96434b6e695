/** HTTP/2 and gRPC in a recording of Node's own library and of @grpc/grpc-js (captures/http2), whole and as less of the payloads is kept. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Http2Connections } from '../../src/event/http2/connections.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { type Exchange, exchanges, HTTP_EVENTS } from '../../src/lens/http.ts';
import { spansOf } from '../../src/lens/spans.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Folder } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = new Folder();
const capture = new CaptureReader('captures/http2/http2.trowel');
afterAll(() => {
  capture.close();
  folder.remove();
});

const contextOf = (of: CaptureReader) => ({ dims: of.dims, epoch: of.epoch, hostname: '', growing: false });
const found = (of: CaptureReader) => exchanges(of, compileFilter(HTTP_EVENTS, contextOf(of)));
const line = ({ version, method, uri, answer, grpc }: Exchange) => [version, method, uri, answer?.status ?? null, grpc];
const sides = (all: readonly Exchange[]) => ['client', 'server'].map((side) => all.filter((one) => one.side === side).map(line));

// biome-ignore format: a table
const ALL = [
  ['2', 'GET', '/items?page=1', 200, null],
  ['2', 'GET', '/items?page=1', 200, null],
  ['2', 'POST', '/orders', 201, null],
  ['2', 'GET', '/missing', 404, null],
  ['2', 'GET', '/large', 200, null],
  ['2', 'GET', '/long', 200, null],
  ['2', 'POST', '/shop.Orders/Get', 200, 0],
  ['2', 'POST', '/shop.Orders/Get', 200, 0],
  ['2', 'POST', '/shop.Orders/Fail', 200, 14],
  ['2', 'POST', '/shop.Orders/Watch', 200, 0],
];

test('requests with their responses, of both sides', () => {
  expect(sides(found(capture))).toEqual([ALL, ALL]);
  expect(new Set(found(capture).map(({ host }) => host))).toEqual(new Set(['127.0.0.1:8080', '127.0.0.1:50051']));
});

test('a failed call is a failed span, and the server’s is the child of the client’s', () => {
  const spans = spansOf({ capture, context: contextOf(capture), filter: '', over: Number.MAX_SAFE_INTEGER });
  const failed = spans
    .filter(({ error }) => error !== null)
    .map(({ name, side, error, parent }) => [name, side, error, parent?.name ?? null]);
  expect(failed).toEqual([
    ['GET /missing', 'client', 'HTTP 404', null],
    ['GET /missing', 'server', 'HTTP 404', 'GET /missing'],
    ['POST /shop.Orders/Fail', 'client', 'gRPC 14 (UNAVAILABLE)', null],
    ['POST /shop.Orders/Fail', 'server', 'gRPC 14 (UNAVAILABLE)', 'POST /shop.Orders/Fail'],
  ]);
});

/** The recording from an event on, with so much of each payload. */
function lessOf(length: number, from = 0): CaptureReader {
  const made = new EventsBuilder();
  const thread = made.thread().id;
  const fds = new Map<number, number>();
  const all = compileFilter('', contextOf(capture));
  for (const { chunk, selection, n } of capture.select(all)) {
    for (let k = 0; k < n; k++) {
      const view = all.view.at(chunk, selection[k]!);
      const { kind, role, l4proto, localIp, localPort, remoteIp, remotePort } = view.fd!;
      const id = view.columnValue('fd')!;
      if (!fds.has(id)) fds.set(id, made.fd({ kind, role, l4proto, localIp, localPort, remoteIp, remotePort }).id);
      if (from-- > 0) continue;
      made.event({ type: view.type.name, thread, fd: fds.get(id)!, res: view.res, data: view.payload.slice(0, length) });
    }
  }
  return new CaptureReader(folder.capture(`${length}-${from}.trowel`, made));
}

describe('what was not captured', () => {
  test('of the usual 80 bytes: all requests are there, and no word is wrong', () => {
    const cut = lessOf(80);
    const [client, server] = sides(found(cut)) as [unknown[][], unknown[][]];
    cut.close();
    for (const seen of [client, server]) {
      expect(seen).toHaveLength(ALL.length);
      seen.forEach((cells, i) => {
        for (const [c, cell] of cells.entries()) expect([null, ALL[i]![c]]).toContain(cell);
      });
      expect(seen.filter(([, method, uri, status]) => method !== null && uri !== null && status !== null).length).toBeGreaterThan(6);
    }
  });

  test('a recording that begins within a connection', () => {
    const late = lessOf(4096, 12);
    const [client] = sides(found(late)) as [unknown[][]];
    late.close();
    expect(client.slice(-4)).toEqual(ALL.slice(-4));
    for (const [, , uri] of client) expect([null, ...ALL.map((one) => one[2])]).toContain(uri);
  });

  test('however payloads are cut, or spoilt, nothing breaks and none is made up', () => {
    const events: (readonly [fd: number, io: 'read' | 'write', payload: Uint8Array, moved: number])[] = [];
    const all = compileFilter('', contextOf(capture));
    for (const { selection, n, chunk } of capture.select(all)) {
      for (let k = 0; k < n; k++) {
        const { fd, type, payload, res } = all.view.at(chunk, selection[k]!);
        events.push([fd!.id, type.io!, Uint8Array.from(payload), res!]);
      }
    }
    const paths = new Set(ALL.map((one) => one[2]));
    fc.assert(
      fc.property(fc.array(fc.nat(120), { minLength: 20, maxLength: 80 }), fc.nat(1), (lengths, spoil) => {
        const connections = new Http2Connections();
        events.forEach(([fd, io, whole, moved], at) => {
          const payload = whole.slice(0, lengths[at % lengths.length]!);
          if (spoil === 1 && payload.length > 0) payload[at % payload.length]! ^= 0x55;
          const headers = (connections.take(fd, 0, io, payload, moved) ?? []).flatMap((head) => head.headers);
          const seen = headers.filter(({ name, value }) => name === ':path' && value !== null).map(({ value }) => value);
          if (spoil === 0) expect(paths).toEqual(paths.union(new Set(seen)));
        });
      }),
      { numRuns: 50 },
    );
  });
});
