/** Counts of numbers by size, 24 classes to each doubling: quantiles to some 3 % in little room, however many numbers there are. */
const CLASSES = 24;
/** Of the column of counts. */
const STEP = 4 * CLASSES;

export class Histogram {
  /** By class. Class 0 is of what is below 1. */
  #counts = new Uint32Array(0);
  #n = 0;
  #least = Infinity;
  #most = -Infinity;

  add(value: number): void {
    const at = value < 1 ? 0 : 1 + Math.floor(Math.log2(value) * CLASSES);
    if (at >= this.#counts.length) this.#grow(at);
    this.#counts[at]!++;
    this.#n++;
    this.#least = Math.min(this.#least, value);
    this.#most = Math.max(this.#most, value);
  }

  /** The value below which `share` of all lie: the middle of its class; null without any. */
  quantile(share: number): number | null {
    const wanted = Math.max(1, Math.ceil(share * this.#n));
    let seen = 0;
    for (const [at, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) return this.#within(at === 0 ? 0 : Math.round(2 ** ((at - 0.5) / CLASSES)));
    }
    return null;
  }

  #grow(at: number): void {
    const larger = new Uint32Array(Math.ceil((at + 1) / STEP) * STEP);
    larger.set(this.#counts);
    this.#counts = larger;
  }

  #within(value: number): number {
    return Math.min(this.#most, Math.max(this.#least, value));
  }
}
