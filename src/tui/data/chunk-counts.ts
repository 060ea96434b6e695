/** A count for each chunk of a capture, found in any order: how many of its events match, or have a text. */
export class ChunkCounts {
  readonly #counts: (number | undefined)[] = [];
  #total = 0;
  #counted = 0;
  /** No chunk before it is still to be counted. */
  #next = 0;

  /** Of all that was counted. */
  get total(): number {
    return this.#total;
  }

  get length(): number {
    return this.#counts.length;
  }

  /** How many of the chunks are counted, 0 to 1. */
  get progress(): number {
    return this.length === 0 ? 1 : this.#counted / this.length;
  }

  /** Of chunk c; undefined: not counted yet. */
  get(c: number): number | undefined {
    return this.#counts[c];
  }

  /** A chunk's count; what was counted stays. */
  set(c: number, count: number): void {
    if (c >= this.length || this.#counts[c] !== undefined) return;
    this.#counts[c] = count;
    this.#total += count;
    this.#counted++;
  }

  /** There are so many chunks now. What those had that are gone is forgotten. */
  resize(length: number): void {
    for (let c = length; c < this.length; c++) {
      const count = this.#counts[c];
      if (count === undefined) continue;
      this.#total -= count;
      this.#counted--;
    }
    while (this.length > length) this.#counts.pop();
    while (this.length < length) this.#counts.push(undefined);
    this.#next = Math.min(this.#next, length);
  }

  /** The first chunk that is not counted; null: all are. */
  next(): number | null {
    while (this.#next < this.length && this.#counts[this.#next] !== undefined) this.#next++;
    return this.#next < this.length ? this.#next : null;
  }

  /** Of all chunks before c together; null: not all are counted. */
  before(c: number): number | null {
    let sum = 0;
    for (let k = 0; k < c; k++) {
      const count = this.#counts[k];
      if (count === undefined) return null;
      sum += count;
    }
    return sum;
  }
}
