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

/**
 * Divides [start, end] among the stretches: where several claim a moment, the one that comes first in the list has it.
 * Pieces come in order and leave nothing out.
 */
export function assign<S extends Stretch>(start: number, end: number, stretches: readonly S[]): Piece<S>[] {
  let pieces: Piece<S>[] = end > start ? [{ start, end, of: null }] : [];
  for (const stretch of stretches) {
    if (stretch.end <= start || stretch.start >= end) continue;
    pieces = pieces.flatMap((piece) => (piece.of === null ? cut(piece, stretch) : [piece]));
  }
  return pieces;
}

function cut<S extends Stretch>(piece: Piece<S>, stretch: S): Piece<S>[] {
  const from = Math.max(piece.start, stretch.start);
  const to = Math.min(piece.end, stretch.end);
  if (to <= from) return [piece];
  const parts: Piece<S>[] = [
    { start: piece.start, end: from, of: null },
    { start: from, end: to, of: stretch },
    { start: to, end: piece.end, of: null },
  ];
  return parts.filter((part) => part.end > part.start);
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
