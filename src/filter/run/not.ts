import { CHUNK_EVENTS, type Chunk } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';

/** What its part does not select. */
export class NotStep implements Step {
  readonly where = 'not';
  readonly label = '';
  readonly cost: number;
  readonly parts: readonly Step[];
  readonly #found = new Uint16Array(CHUNK_EVENTS);

  constructor(part: Step) {
    this.parts = [part];
    this.cost = part.cost + 1;
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const found = this.parts[0]!.select(chunk, selection, n, this.#found);
    return without(selection, n, this.#found, found, out);
  }

  mayMatch(): boolean {
    return true;
  }
}

/** a without b, where b is part of a; `out` may be a. */
export function without(a: Selection, na: number, b: Selection, nb: number, out: Selection): number {
  let j = 0;
  let n = 0;
  for (let i = 0; i < na; i++) {
    const value = a[i]!;
    if (j < nb && b[j] === value) j++;
    else out[n++] = value;
  }
  return n;
}
