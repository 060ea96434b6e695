/** Which of several overlapping stretches of time each moment belongs to. */

export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface Piece<S extends Stretch> {
  readonly start: number;
  readonly end: number;
  /** The stretch that has it; null: none. */
  readonly of: S | null;
}

/** A stretch within what is to be divided. */
interface Claim<S extends Stretch> {
  readonly of: S;
  readonly from: number;
  readonly to: number;
  /** Its place in the list: the least has the moment. */
  readonly rank: number;
}

/**
 * Divides [start, end] among the stretches: where several claim a moment, the one that comes first in the list has it.
 * Pieces come in order and leave nothing out.
 */
export function assign<S extends Stretch>(start: number, end: number, stretches: readonly S[]): Piece<S>[] {
  const claims = claimsIn(start, end, stretches);
  const open = new OpenClaims<S>();
  const pieces: Piece<S>[] = [];
  for (let at = start, next = 0; at < end; ) {
    while (next < claims.length && claims[next]!.from <= at) open.add(claims[next++]!);
    const first = open.firstAfter(at);
    const to = Math.min(first?.to ?? end, claims[next]?.from ?? end);
    add(pieces, at, to, first?.of ?? null);
    at = to;
  }
  return pieces;
}

function claimsIn<S extends Stretch>(start: number, end: number, stretches: readonly S[]): Claim<S>[] {
  const claims: Claim<S>[] = [];
  for (const [rank, of] of stretches.entries()) {
    const from = Math.max(start, of.start);
    const to = Math.min(end, of.end);
    if (from >= to) continue;
    claims.push({ of, from, to, rank });
    if (from === start && to === end) break; // it leaves nothing to those behind it
  }
  return claims.sort((a, b) => a.from - b.from);
}

/** Who had the moment before goes on. */
function add<S extends Stretch>(pieces: Piece<S>[], start: number, end: number, of: S | null): void {
  const last = pieces.at(-1);
  if (last !== undefined && last.of === of) pieces[pieces.length - 1] = { start: last.start, end, of };
  else pieces.push({ start, end, of });
}

/** Claims that have begun: a heap, the least rank first, from which those that ended go when they come to its top. */
class OpenClaims<S extends Stretch> {
  readonly #heap: Claim<S>[] = [];

  add(claim: Claim<S>): void {
    const heap = this.#heap;
    let place = heap.push(claim) - 1;
    for (let above = (place - 1) >> 1; place > 0 && heap[above]!.rank > claim.rank; above = (place - 1) >> 1) {
      heap[place] = heap[above]!;
      place = above;
    }
    heap[place] = claim;
  }

  /** The first in the list of those that end after `at`. */
  firstAfter(at: number): Claim<S> | null {
    while (this.#heap.length > 0 && this.#heap[0]!.to <= at) this.#removeFirst();
    return this.#heap[0] ?? null;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (let below = 1; below < heap.length; below = 2 * place + 1) {
      if (below + 1 < heap.length && heap[below + 1]!.rank < heap[below]!.rank) below++;
      if (heap[below]!.rank > last.rank) break;
      heap[place] = heap[below]!;
      place = below;
    }
    heap[place] = last;
  }
}

/** Stretches to be asked for by time, over and over, with times that ascend. */
export class Stretches<S extends Stretch> {
  readonly #sorted: readonly S[];
  #first = 0;

  constructor(stretches: readonly S[]) {
    this.#sorted = [...stretches].sort((a, b) => a.start - b.start);
  }

  /** Those that touch [start, end]; no later question has an earlier start. */
  touching(start: number, end: number): S[] {
    const sorted = this.#sorted;
    while (this.#first < sorted.length && sorted[this.#first]!.end <= start) this.#first++;
    const found: S[] = [];
    for (let i = this.#first; i < sorted.length && sorted[i]!.start < end; i++) if (sorted[i]!.end > start) found.push(sorted[i]!);
    return found;
  }
}
