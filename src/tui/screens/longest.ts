/** The largest of many, kept in little room. */

export class Longest<T> {
  readonly #most: number;
  readonly #length: (item: T) => number;
  #items: T[] = [];
  /** What is shorter than this is not among them. */
  #least = -Infinity;

  constructor(most: number, length: (item: T) => number) {
    this.#most = most;
    this.#length = length;
  }

  /** Whether one of such a length would be kept. */
  wants(length: number): boolean {
    return length > this.#least;
  }

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length >= 2 * this.#most) this.#cut();
  }

  /** The longest first. */
  get items(): readonly T[] {
    this.#cut();
    return this.#items;
  }

  #cut(): void {
    this.#items.sort((a, b) => this.#length(b) - this.#length(a));
    this.#items = this.#items.slice(0, this.#most);
    if (this.#items.length === this.#most) this.#least = this.#length(this.#items.at(-1)!);
  }
}
