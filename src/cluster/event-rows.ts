/** Rows of the table `event` in the format RowBinary → a chunk's columns. */
import type { OpenChunk } from '../model/chunk.ts';

/** What is asked for, in the order in which it is read here. */
export const SELECTED = 'num, time, latency, res, thread, fd, fdnum, type_id, flags, cpu, args, data';
/** Bytes of a row before its two texts. */
const FIXED = 4 * 8 + 3 * 4 + 3 * 2;

export class EventRows {
  readonly #epoch: bigint;
  #rest: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  #last = 0;
  #taken = 0;
  #bytes = { from: 0, to: 0 };

  constructor(epoch: bigint) {
    this.#epoch = epoch;
  }

  /** Number of the last event. */
  get last(): number {
    return this.#last;
  }

  /** How many rows came, those that came twice as well. */
  get taken(): number {
    return this.#taken;
  }

  push(piece: Uint8Array): void {
    this.#rest = this.#at === this.#rest.length ? piece : Buffer.concat([this.#rest.subarray(this.#at), piece]);
    this.#view = new DataView(this.#rest.buffer, this.#rest.byteOffset, this.#rest.byteLength);
    this.#at = 0;
  }

  /** Appends the next event to a chunk that has room. False: more bytes are needed. An event that came twice counts once. */
  takeInto(out: OpenChunk): boolean {
    const at = this.#at;
    if (!this.#string(at + FIXED)) return false;
    const args = this.#bytes;
    if (!this.#string(args.to)) return false;
    const data = this.#bytes;
    this.#at = data.to;
    const num = this.#int64(at);
    this.#taken++;
    if (num === this.#last) return true;
    this.#last = num;
    this.#numbers(out, at, num);
    out.setArgs(this.#rest, args.from, args.to);
    out.setData(this.#rest, data.from, data.to);
    out.n++;
    return true;
  }

  /** Throws where the answer broke off within a row. */
  end(): void {
    if (this.#at !== this.#rest.length) throw new Error('the answer of the store broke off within an event');
  }

  #numbers(out: OpenChunk, at: number, num: number): void {
    const { n } = out;
    const view = this.#view;
    out.num[n] = num;
    out.time[n] = Number(view.getBigInt64(at + 8, true) - this.#epoch);
    out.latency[n] = this.#int64(at + 16);
    out.res[n] = this.#int64(at + 24);
    out.thread[n] = view.getUint32(at + 32, true);
    out.fd[n] = view.getUint32(at + 36, true);
    out.fdnum[n] = view.getInt32(at + 40, true);
    out.type[n] = view.getUint16(at + 44, true);
    out.flags[n] = view.getUint16(at + 46, true);
    out.cpu[n] = view.getUint16(at + 48, true);
  }

  #int64(at: number): number {
    return this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  /** Finds the text that begins here; false: not all of it has come. */
  #string(at: number): boolean {
    let length = 0;
    for (let shift = 0; at < this.#rest.length; shift += 7) {
      const byte = this.#rest[at++]!;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte >= 0x80) continue;
      this.#bytes = { from: at, to: at + length };
      return at + length <= this.#rest.length;
    }
    return false;
  }
}
