/** Compressed bytes that wait until a whole unit of them is there. */
export class Backlog {
  #bytes = new Uint8Array(1 << 16);
  #from = 0;
  #to = 0;

  /** All that waits; good until the next `add`. */
  get waiting(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  get length(): number {
    return this.#to - this.#from;
  }

  add(bytes: Uint8Array): void {
    if (this.#to + bytes.length > this.#bytes.length) this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  /** The first `n` bytes are done with. */
  drop(n: number): void {
    this.#from += n;
  }

  #makeRoom(more: number): void {
    const { waiting } = this;
    const needed = waiting.length + more;
    const target = needed > this.#bytes.length >> 1 ? new Uint8Array(needed * 2) : this.#bytes;
    target.set(waiting);
    this.#bytes = target;
    this.#to = waiting.length;
    this.#from = 0;
  }
}
