/** Which rows a chunk refers to, so that a reader can pass it by. Ascending ids as varints of their distances; empty: not known. */

/** Above this many a set stops paying for itself. */
const MAX_IDS = 4096;

/** Collects the distinct values of a column, chunk after chunk, without clearing anything between them. */
export class PresenceCollector {
  #stamp = new Uint32Array(1024);
  #round = 0;
  /** How many events referred to each id, over all chunks. */
  counts = new Float64Array(1024);

  /** The set of the first n ids, as a blob. */
  collect(ids: Uint16Array | Uint32Array, n: number): Uint8Array {
    this.#round++;
    const distinct: number[] = [];
    for (let i = 0; i < n; i++) {
      const id = ids[i]!;
      if (id >= this.#stamp.length) this.#grow(id);
      this.counts[id]!++;
      if (this.#stamp[id] === this.#round) continue;
      this.#stamp[id] = this.#round;
      distinct.push(id);
    }
    if (distinct.length > MAX_IDS) return new Uint8Array(0);
    return encode(distinct.sort((a, b) => a - b));
  }

  #grow(id: number): void {
    const size = Math.max(id + 1, this.#stamp.length * 2);
    const stamp = new Uint32Array(size);
    stamp.set(this.#stamp);
    this.#stamp = stamp;
    const counts = new Float64Array(size);
    counts.set(this.counts);
    this.counts = counts;
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
