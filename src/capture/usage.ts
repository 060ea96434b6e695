import type { Usage } from '../filter/occurring.ts';
import type { ChunkHead, RowColumn } from '../model/chunk.ts';
import type { Capture } from './capture.ts';

/** Chunks that are looked at: some 130,000 events, in a few ms. */
const MOST_CHUNKS = 8;

/** Counts how many events refer to each row: in all chunks of a small capture, in some from all over a large one. */
export function usageOf(capture: Capture): Usage {
  const last = capture.last();
  const picked = last === null ? [] : pickedHeads(capture, last.num);
  const counts = { type: counter(capture.dims.types), thread: counter(capture.dims.threads), fd: counter(capture.dims.fds) };
  let seen = 0;
  for (const head of picked) {
    const chunk = capture.chunk(head);
    for (const column of ['type', 'thread', 'fd'] as const) count(counts[column], chunk[column], head.n);
    seen += head.n;
  }
  const scale = last === null || seen >= last.count ? 1 : last.count / Math.max(1, seen);
  return { events: (column: RowColumn, id: number) => counts[column][id] ?? 0, scale };
}

/** Chunks at even distances, each once. */
function pickedHeads(capture: Capture, lastNum: number): ChunkHead[] {
  const found = new Map<number, ChunkHead>();
  for (let k = 0; k < MOST_CHUNKS; k++) {
    const head = capture.heads(Math.floor((lastNum * k) / MOST_CHUNKS)).next().value;
    if (head !== undefined) found.set(head.firstNum, head);
  }
  return [...found.values()];
}

function counter(rows: { readonly lastId: number }): Uint32Array {
  return new Uint32Array(rows.lastId + 1);
}

function count(counts: Uint32Array, ids: Uint16Array | Uint32Array, n: number): void {
  for (let i = 0; i < n; i++) counts[ids[i]!]!++;
}
