/** Values by small whole numbers, of which most are gone again: pages without a value take no memory. */

const BITS = 10;
const PAGE = 1 << BITS;

interface Page<T> {
  readonly values: (T | undefined)[];
  used: number;
}

export class Sparse<T> {
  readonly #pages: (Page<T> | undefined)[] = [];
  #end = 0;

  /** Above the largest number that ever had a value. */
  get end(): number {
    return this.#end;
  }

  get(id: number): T | undefined {
    return this.#pages[id >>> BITS]?.values[id & (PAGE - 1)];
  }

  set(id: number, value: T): void {
    let page = this.#pages[id >>> BITS];
    if (page === undefined) {
      page = { values: [], used: 0 };
      this.#pages[id >>> BITS] = page;
    }
    if (page.values[id & (PAGE - 1)] === undefined) page.used++;
    page.values[id & (PAGE - 1)] = value;
    if (id >= this.#end) this.#end = id + 1;
  }

  /** Gives whether there was a value. */
  delete(id: number): boolean {
    const page = this.#pages[id >>> BITS];
    if (page?.values[id & (PAGE - 1)] === undefined) return false;
    page.values[id & (PAGE - 1)] = undefined;
    if (--page.used === 0) this.#pages[id >>> BITS] = undefined;
    return true;
  }

  /** Values of numbers above one, ascending; sees what is added meanwhile. */
  *above(id: number): Generator<T> {
    for (let next = id + 1; next < this.#end; next++) {
      const page = this.#pages[next >>> BITS];
      if (page === undefined) next |= PAGE - 1;
      else {
        const value = page.values[next & (PAGE - 1)];
        if (value !== undefined) yield value;
      }
    }
  }
}
