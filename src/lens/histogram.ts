/** Counts of numbers by size, 24 classes to each doubling: quantiles to some 3 % in little room, however many numbers there are. */
const CLASSES = 24;

export class Histogram {
  /** By class, for those that occur. */
  readonly #counts = new Map<number, number>();
  #n = 0;
  #least = Infinity;
  #most = -Infinity;

  add(value: number): void {
    const at = value < 1 ? -1 : Math.floor(Math.log2(value) * CLASSES);
    this.#counts.set(at, (this.#counts.get(at) ?? 0) + 1);
    this.#n++;
    this.#least = Math.min(this.#least, value);
    this.#most = Math.max(this.#most, value);
  }

  /** The value below which `share` of all lie: the middle of its class; null without any. */
  quantile(share: number): number | null {
    const wanted = Math.max(1, Math.ceil(share * this.#n));
    let seen = 0;
    for (const [at, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= wanted) return this.#within(at < 0 ? 0 : Math.round(2 ** ((at + 0.5) / CLASSES)));
    }
    return null;
  }

  #within(value: number): number {
    return Math.min(this.#most, Math.max(this.#least, value));
  }
}
