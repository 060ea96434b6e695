/**
 * The first pass over a file: which calls never return. Only then can the second pass, in the order of the file, tell a call
 * that is pending from one whose end comes later. It reads no more than the header of each event.
 */
import { Block, BlockCutter, eventForm, ScapDamage } from './blocks.ts';
import { EventHead } from './events.ts';
import { schemaOf, sidesOf } from './schema.ts';

/** What the first pass found. */
export interface Survey {
  /** Numbers of the events that begin a call which does not return, ascending; null: not known yet. */
  readonly pending: readonly number[] | null;
  /** Calls are one event each, as the Falco libraries write them since 2025. */
  readonly exitOnly: boolean;
  /** How many events there are. */
  readonly events: number;
  /** ns since 1970 of the first event that has a time, as two halves. */
  readonly epoch: bigint;
  /** Why reading ended early; null: it did not. */
  readonly cut: string | null;
}

interface OpenCall {
  type: number;
  num: number;
}

/** One event for a call's beginning in so many events: then beginnings are recorded. */
const FEW = 0.05;

export class Surveyor {
  readonly #cutter = new BlockCutter();
  readonly #head = new EventHead();
  #open = new Map<number, OpenCall>();
  readonly #pending: number[] = [];
  #num = 0;
  #uncounted = 0;
  #enters = 0;
  #epoch = 0n;

  /** Throws ScapDamage; what came before it counts. */
  push(bytes: Uint8Array): void {
    const cutter = this.#cutter;
    cutter.feed(bytes);
    while (cutter.next()) {
      const form = eventForm(cutter.type);
      if (form === undefined) {
        if (cutter.type === Block.SECTION) this.#closeSection();
      } else if (this.#head.load(cutter.piece, cutter.from, cutter.to, form)) this.#event();
      else throw new ScapDamage('an event that is longer than its block');
    }
  }

  /** Events seen so far, of all types. */
  get events(): number {
    return this.#num + this.#uncounted;
  }

  finish(cut: string | null): Survey {
    this.#closeSection();
    const exitOnly = this.#enters < (this.#num + this.#uncounted) * FEW;
    return {
      pending: this.#pending.sort((a, b) => a - b),
      exitOnly,
      events: this.#num + (exitOnly ? this.#uncounted : 0),
      epoch: this.#epoch,
      cut: cut ?? this.#cutter.cut,
    };
  }

  #event(): void {
    const { type } = this.#head;
    const schema = schemaOf(type);
    if (schema === undefined) return;
    if (!schema.classic) {
      this.#uncounted++;
      return;
    }
    const num = ++this.#num;
    if (this.#epoch === 0n && this.#head.timeHigh > 0) {
      this.#epoch = (BigInt(this.#head.timeHigh) << 32n) | BigInt(this.#head.timeLow >>> 0);
    }
    const side = sidesOf(type);
    if (side === 'enter') this.#enter(this.#head.tid, type, num);
    else if (side === 'exit') this.#exit(this.#head.tid, type);
  }

  #enter(tid: number, type: number, num: number): void {
    this.#enters++;
    const open = this.#open.get(tid);
    if (open === undefined) {
      this.#open.set(tid, { type, num });
      return;
    }
    if (open.num !== 0) this.#pending.push(open.num);
    open.type = type;
    open.num = num;
  }

  #exit(tid: number, type: number): void {
    const open = this.#open.get(tid);
    if (open !== undefined && open.num !== 0 && open.type === type - 1) open.num = 0;
  }

  #closeSection(): void {
    for (const { num } of this.#open.values()) if (num !== 0) this.#pending.push(num);
    this.#open = new Map();
  }
}
