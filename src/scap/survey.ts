/**
 * The first pass over a file: which calls never return. Only then can the second pass, in the order of the file, tell a call
 * that is pending from one whose end comes later. It reads no more than the header of each event.
 */
import { EXEC_CALLS, OPEN_CALLS } from '../model/calls.ts';
import { Block, BlockCutter, eventForm, ScapDamage } from './blocks.ts';
import { EventHead } from './event-head.ts';
import { LIMITS } from './limits.ts';
import type { OpenCall } from './open-call.ts';
import { Pairing } from './pairing.ts';
import { type EventSchema, endsThread, isNote, schemaOf, sidesOf } from './schema.ts';

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

/** An event's number where notes have none, and how many notes came before. */
type Numbered = Pick<OpenCall, 'num' | 'notes'>;

/** Calls whose beginning is recorded even where those of others are not: what it says may change before the call looks. */
const TWICE: ReadonlySet<string> = new Set([...OPEN_CALLS, 'connect', ...EXEC_CALLS]);

/** One event for a call's beginning in so many events: then beginnings are recorded. */
const FEW = 0.05;

export class Surveyor {
  readonly #cutter = new BlockCutter();
  readonly #head = new EventHead();
  readonly #pairing = new Pairing((call) => this.#unreturned(call));
  readonly #pending: Numbered[] = [];
  #num = 0;
  /** Events that have a number only in files of one event a call. */
  #notes = 0;
  #enters = 0;
  #exits = 0;
  #aside = 0;
  #epoch = 0n;

  /** Throws ScapDamage; what came before it counts. */
  push(bytes: Uint8Array): void {
    const cutter = this.#cutter;
    cutter.feed(bytes);
    while (cutter.next()) {
      const form = eventForm(cutter.type);
      if (form === undefined) {
        if (cutter.type === Block.SECTION) this.#pairing.endAll();
      } else if (this.#head.load(cutter.region, cutter.from, cutter.to, form)) this.#event();
      else throw new ScapDamage('an event that is longer than its block');
    }
  }

  /** Events seen so far, of all types. */
  get events(): number {
    return this.#num + this.#notes;
  }

  finish(cut: string | null): Survey {
    this.#pairing.endAll();
    const exitOnly = this.#isExitOnly();
    const numberOf = ({ num, notes }: Numbered) => (exitOnly ? num + notes : num);
    return {
      pending: this.#pending.map(numberOf).sort((a, b) => a - b),
      exitOnly,
      events: exitOnly ? this.events : this.#num,
      epoch: this.#epoch,
      cut: cut ?? this.#cutter.cut,
    };
  }

  /** Where there is nothing but calls whose beginning is recorded in any case, those tell. */
  #isExitOnly(): boolean {
    return this.#exits === 0 && this.#aside > 0 ? false : this.#enters < this.events * FEW;
  }

  #event(): void {
    const { type } = this.#head;
    const schema = schemaOf(type);
    if (schema === undefined) return;
    if (isNote(schema)) {
      this.#notes++;
      return;
    }
    const num = ++this.#num;
    if (this.#epoch === 0n && this.#head.timeHigh > 0) {
      this.#epoch = (BigInt(this.#head.timeHigh) << 32n) | BigInt(this.#head.timeLow >>> 0);
    }
    const side = sidesOf(type);
    if (side === 'one') {
      if (endsThread(schema)) this.#pairing.endThread(this.#head.tid);
      return;
    }
    this.#count(schema, side);
    if (side === 'enter') this.#pairing.begin(num, this.#notes, 0, this.#head).forgetBytes();
    else this.#pairing.end(this.#head)?.close();
  }

  #count({ name }: EventSchema, side: 'enter' | 'exit'): void {
    if (TWICE.has(name)) this.#aside += side === 'enter' ? 1 : 0;
    else if (side === 'enter') this.#enters++;
    else this.#exits++;
  }

  #unreturned({ num, notes }: OpenCall): void {
    if (this.#pending.length < LIMITS['open calls']) this.#pending.push({ num, notes });
  }
}
