import type { ByteColumn, Chunk } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';

/** A search for bytes in a column of them: in all of a chunk at once where most of it is selected. */
export class PayloadStep implements Step {
  readonly cost = 30;
  readonly where = 'payloads';
  readonly parts: readonly Step[] = [];
  readonly #needle: Buffer;

  constructor(
    readonly column: ByteColumn,
    readonly label: string,
    needle: Uint8Array,
  ) {
    this.#needle = Buffer.from(needle);
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const ends = this.column === 'data' ? chunk.dataEnd : chunk.argsEnd;
    const all = chunk[this.column];
    const bytes = Buffer.from(all.buffer, all.byteOffset, ends[chunk.n - 1] ?? 0);
    return n * 4 > chunk.n ? this.#searchAll(bytes, ends, selection, n, out) : this.#searchEach(bytes, ends, selection, n, out);
  }

  mayMatch(): boolean {
    return true;
  }

  #searchAll(bytes: Buffer, ends: Uint32Array, selection: Selection, n: number, out: Selection): number {
    let count = 0;
    let k = 0;
    let at = bytes.indexOf(this.#needle);
    while (at >= 0 && k < n) {
      while (k < n && ends[selection[k]!]! <= at) k++;
      if (k === n) break;
      const i = selection[k]!;
      const start = i === 0 ? 0 : ends[i - 1]!;
      const inside = at >= start && at + this.#needle.length <= ends[i]!;
      if (inside) {
        out[count++] = i;
        k++;
      }
      at = bytes.indexOf(this.#needle, inside ? ends[i]! : Math.max(at + 1, start));
    }
    return count;
  }

  #searchEach(bytes: Buffer, ends: Uint32Array, selection: Selection, n: number, out: Selection): number {
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const start = i === 0 ? 0 : ends[i - 1]!;
      if (ends[i]! - start >= this.#needle.length && bytes.subarray(start, ends[i]).includes(this.#needle)) out[count++] = i;
    }
    return count;
  }
}
