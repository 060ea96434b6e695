/** Which rows a chunk refers to, so that a reader can pass it by. Ascending ids as varints of their distances; empty: not known. */

/** Above this many a set stops paying for itself. */
const MAX_IDS = 4096;

const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;
/** Pages of ids that did not occur for so many chunks are dropped. */
const KEPT_ROUNDS = 16;

/** Collects the distinct values of a column, chunk after chunk, without clearing anything between them. */
export class PresenceCollector {
  /** By id, the round in which it occurred last. */
  readonly #pages = new Map<number, Uint32Array<ArrayBuffer>>();
  #round = 0;

  /** The set of the first n ids, as a blob. */
  collect(ids: Uint16Array | Uint32Array, n: number): Uint8Array {
    this.#round++;
    const distinct: number[] = [];
    let number = -1;
    let page = new Uint32Array(0);
    for (let i = 0; i < n; i++) {
      const id = ids[i]!;
      if (id >>> PAGE_BITS !== number) {
        number = id >>> PAGE_BITS;
        page = this.#page(number);
      }
      if (page[id & (PAGE - 1)] === this.#round) continue;
      page[id & (PAGE - 1)] = this.#round;
      distinct.push(id);
    }
    if (this.#round % KEPT_ROUNDS === 0) this.#drop();
    if (distinct.length > MAX_IDS) return new Uint8Array(0);
    return encode(distinct.sort((a, b) => a - b));
  }

  #page(number: number): Uint32Array<ArrayBuffer> {
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint32Array(PAGE);
      this.#pages.set(number, page);
    }
    return page;
  }

  #drop(): void {
    const oldest = this.#round - KEPT_ROUNDS;
    for (const [number, page] of this.#pages) if (!page.some((round) => round > oldest)) this.#pages.delete(number);
  }
}

/** The ids of a set; null: not known, so any may occur. */
export function decodePresence(blob: Uint8Array): Uint32Array | null {
  if (blob.length === 0) return null;
  const ids = new Uint32Array(blob.length);
  let n = 0;
  let id = 0;
  let distance = 0;
  let shift = 0;
  for (let i = 0; i < blob.length; i++) {
    const byte = blob[i]!;
    distance |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte >= 0x80) continue;
    id += distance;
    ids[n++] = id;
    distance = shift = 0;
  }
  return ids.subarray(0, n);
}

function encode(ascending: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let previous = 0;
  for (const id of ascending) {
    let rest = id - previous;
    previous = id;
    while (rest > 0x7f) {
      bytes.push((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}
