import type { Chunk, ChunkHead } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';

/** All of its parts, the cheapest first. */
export class AndStep implements Step {
  readonly where = 'and';
  readonly label = '';
  readonly cost: number;
  readonly parts: readonly Step[];

  constructor(parts: readonly Step[]) {
    this.parts = [...parts].sort((a, b) => a.cost - b.cost);
    this.cost = this.parts[0]!.cost;
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    let count = n;
    let from = selection;
    for (const part of this.parts) {
      if (count === 0) return 0;
      count = part.select(chunk, from, count, out);
      from = out;
    }
    return count;
  }

  mayMatch(head: ChunkHead): boolean {
    return this.parts.every((part) => part.mayMatch(head));
  }
}
