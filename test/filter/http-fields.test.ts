/** Fields of HTTP on a recording of HTTP/2 and gRPC (captures/http2): what an event says follows from those before it on its connection. */
import { afterAll, describe, expect, test } from 'vitest';
import { StoredHttp2 } from '../../src/capture/http2.ts';
import { Matcher } from '../../src/capture/select.ts';
import { PassingHttp2 } from '../../src/event/http2/heads.ts';
import type { CaptureContext, Http2Source } from '../../src/event/view.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { type Chunk, type ChunkHead, OpenChunk } from '../../src/model/chunk.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const capture = new CaptureReader('captures/http2/http2.trowel');
afterAll(() => capture.close());

function contextOf(http2: Http2Source): CaptureContext {
  return { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false, http2 };
}

function numbers(filter: string, http2: Http2Source = new StoredHttp2(capture)): number[] {
  const matches = capture.select(compileFilter(filter, contextOf(http2)));
  return [...matches].flatMap(({ chunk, selection, n }) => Array.from(selection.subarray(0, n), (i) => chunk.num[i]!));
}

// biome-ignore format: a table
test.each([
  ['http.method=GET and evt.type in (write, writev)', [635, 650, 664, 672, 687]],
  ['http.uri=/shop.Orders/Fail', [785, 786]],
  ['http.path=/items and fd.type=ipv4', [635, 638, 650, 651]],
  ['http.host=127.0.0.1:50051 and http.user_agent startswith grpc-node', [752, 757, 766, 768, 785, 786, 794, 795]],
  ['http.status=404', [667, 668]],
  ['http.status=103 and http.status=201', [659, 661]], // an early hint, and the answer behind it
  ['grpc.status=14', [789, 790]],
  ['http.content_type=application/grpc and http.method=POST and evt.type=read', [757, 768, 786, 795]],
  ['http.header[:scheme]=http and http.uri=/long', [687, 688]],
  ['http.version=1.1', []],
] as const)('%s', (filter, expected) => {
  expect(numbers(filter)).toEqual(expected);
});

const FILTER = 'http.method exists or http.status exists or grpc.status exists';

/** All events, so many in a chunk. */
function chunksOf(length: number): Chunk[] {
  return [...capture.heads()].flatMap((head) => {
    const whole = capture.chunk(head);
    return Array.from({ length: Math.ceil(whole.n / length) }, (_, k) => {
      const part = new OpenChunk();
      part.takeRange(whole, k * length, Math.min((k + 1) * length, whole.n));
      return part;
    });
  });
}

/** What is found in them, in turn. */
function foundIn(chunks: readonly Chunk[], http2: Http2Source): number[] {
  const matcher = new Matcher(compileFilter(FILTER, contextOf(http2)));
  return chunks.flatMap((chunk) => {
    const match = matcher.next(chunk);
    return match === null ? [] : Array.from(match.selection.subarray(0, match.n), (i) => chunk.num[i]!);
  });
}

describe('the same is found', () => {
  const all = numbers(FILTER);

  test('by who begins late, and goes back beyond what is kept', () => {
    const chunks = chunksOf(7);
    const heads = chunks.map(({ n, num }, id) => ({ ...capture.heads().next().value!, id, n, firstNum: num[0]!, lastNum: num[n - 1]! }));
    const source = {
      dims: capture.dims,
      heads: (after = 0) => heads.values().filter(({ lastNum }) => lastNum > after) as Generator<ChunkHead>,
      chunk: ({ id }: ChunkHead) => chunks[id]!,
    };
    const http2 = new StoredHttp2(source, 1);
    const late = foundIn(chunks.slice(6), http2);
    expect(late).toEqual(all.slice(-late.length));
    expect(foundIn(chunks, http2)).toEqual(all);
  });

  test.each([1, 7, 16_384])('while events pass by, %i at once', (length) => {
    expect(foundIn(chunksOf(length), new PassingHttp2(capture.dims))).toEqual(all);
  });
});
