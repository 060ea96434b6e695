import { CHUNK_EVENTS, type Chunk, type ChunkHead } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';
import { without } from './not.ts';

/** Any of its parts; each sees only what those before it did not select. */
export class OrStep implements Step {
  readonly where = 'or';
  readonly label = '';
  readonly cost: number;
  readonly parts: readonly Step[];
  readonly #rest = new Uint16Array(CHUNK_EVENTS);
  readonly #found = new Uint16Array(CHUNK_EVENTS);
  readonly #merged = new Uint16Array(CHUNK_EVENTS);

  constructor(parts: readonly Step[]) {
    this.parts = [...parts].sort((a, b) => a.cost - b.cost);
    this.cost = this.parts.reduce((sum, part) => sum + part.cost, 0);
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    this.#rest.set(n === selection.length ? selection : selection.subarray(0, n));
    let rest = n;
    let merged = 0;
    for (const part of this.parts) {
      const found = part.select(chunk, this.#rest, rest, this.#found);
      if (found === 0) continue;
      merged = merge(this.#merged, merged, this.#found, found, out);
      this.#merged.set(out.subarray(0, merged));
      rest = without(this.#rest, rest, this.#found, found, this.#rest);
      if (rest === 0) break;
    }
    out.set(this.#merged.subarray(0, merged));
    return merged;
  }

  mayMatch(head: ChunkHead): boolean {
    return this.parts.some((part) => part.mayMatch(head));
  }
}

/** Union of two disjoint ascending lists. */
function merge(a: Selection, na: number, b: Selection, nb: number, out: Selection): number {
  let i = 0;
  let j = 0;
  let n = 0;
  while (i < na && j < nb) out[n++] = a[i]! < b[j]! ? a[i++]! : b[j++]!;
  while (i < na) out[n++] = a[i++]!;
  while (j < nb) out[n++] = b[j++]!;
  return n;
}
