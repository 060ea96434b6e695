/** How much a message on the wire asks for, before anything is made of it: an object takes a hundred times the bytes that name it. */
import { WireError } from './validate.ts';

/** Threads, descriptors, losses and counters that one message may define: twice what a probe keeps of threads, of descriptors and of files. */
export const MOST_DEFINITIONS = 200_000;
const BATCH = 3;
const FIRST_LIST = 15;

/** Throws WireError for a batch that defines more. What is no message at all is for the decoder to say. */
export function checkSize(bytes: Uint8Array): void {
  const outer = new Fields(bytes, 0, bytes.length);
  while (outer.next()) if (outer.field === BATCH && outer.wire === 2) checkBatchSize(new Fields(bytes, outer.from, outer.to));
}

function checkBatchSize(fields: Fields): void {
  let definitions = 0;
  while (fields.next()) if (fields.field >= FIRST_LIST) definitions++;
  if (definitions > MOST_DEFINITIONS) throw new WireError(`Batch: ${definitions} definitions, at most ${MOST_DEFINITIONS} are taken`);
}

/** One field after the other, without what is in it. */
class Fields {
  field = 0;
  wire = 0;
  /** Where its bytes are, of one that has a length. */
  from = 0;
  to = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = Math.min(end, bytes.length);
  }

  /** False: there is none, or none that can be read. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    if (this.wire === 0) this.#varint();
    else if (this.wire === 1) this.#at += 8;
    else if (this.wire === 5) this.#at += 4;
    else if (this.wire === 2) {
      const length = this.#varint();
      this.from = this.#at;
      this.to = this.#at += length;
    } else return false;
    return this.#at <= this.#end;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; this.#at < this.#end; factor *= 128) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    return value;
  }
}
