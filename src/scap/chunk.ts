/**
 * Events of a file as columns. Arguments and payloads stay where they lie in the file's bytes, and are put into columns
 * only when somebody asks for them: most filters never do.
 */
import { CHUNK_EVENTS, type Chunk } from '../model/chunk.ts';
import { ColumnMemory } from '../model/columns.ts';
import { ArgEncoder } from './args.ts';
import type { Region } from './bytes.ts';
import { Params } from './params.ts';
import type { TypePlan } from './types.ts';

const NOTHING = new Uint8Array(0);
const FIRST_BYTES = 1 << 20;

/** Used again and again: whoever wants to keep something copies it. */
export class ScapChunk extends ColumnMemory implements Chunk {
  n = 0;

  readonly #plans: TypePlan[] = [];
  readonly #ends = new Places();
  readonly #begins = new Places();
  /** The payload in the bytes of the event. */
  readonly #dataFrom = new Int32Array(CHUNK_EVENTS);
  readonly #dataTo = new Int32Array(CHUNK_EVENTS);
  /** Rows of the descriptors among the arguments, of all events one after the other. */
  #fdRows = new Uint32Array(1 << 10);
  #fdsPlaced = 0;
  #fdsTaken = 0;

  readonly #params = new Params();
  readonly #enterParams = new Params();
  readonly #encoder = new ArgEncoder(() => this.#fdRows[this.#fdsTaken++] ?? 0);
  #args: Uint8Array = NOTHING;
  #data: Uint8Array = NOTHING;
  readonly #argsEnd = new Uint32Array(CHUNK_EVENTS);
  readonly #dataEnd = new Uint32Array(CHUNK_EVENTS);
  /** How many events the byte columns hold. */
  #withArgs = 0;
  #withData = 0;

  constructor() {
    super(CHUNK_EVENTS);
  }

  get full(): boolean {
    return this.n === CHUNK_EVENTS;
  }

  /** Says where event n lies: its header's first byte, and the end of its parameters. */
  place(plan: TypePlan, region: Region, from: number, to: number, counted: boolean): void {
    const { n } = this;
    this.#plans[n] = plan;
    this.#dataFrom[n] = this.#dataTo[n] = 0;
    this.#ends.set(n, region, from, to, counted);
  }

  /** Where its payload lies in the same region. After `place`. */
  placeData(from: number, to: number): void {
    this.#dataFrom[this.n] = from;
    this.#dataTo[this.n] = to;
  }

  /** Where the event that began the call lies. */
  placeBegin(region: Region, from: number, to: number, counted: boolean): void {
    this.#begins.set(this.n, region, from, to, counted);
  }

  /** The row of the next descriptor among its arguments. */
  placeFd(row: number): void {
    if (this.#fdsPlaced === this.#fdRows.length) {
      const larger = new Uint32Array(this.#fdRows.length * 2);
      larger.set(this.#fdRows);
      this.#fdRows = larger;
    }
    this.#fdRows[this.#fdsPlaced++] = row;
  }

  clear(): void {
    this.n = this.#withArgs = this.#withData = this.#fdsPlaced = this.#fdsTaken = 0;
    this.#ends.clear();
    this.#begins.clear();
  }

  get args(): Uint8Array {
    this.#makeArgs();
    return this.#args;
  }

  get argsEnd(): Uint32Array {
    this.#makeArgs();
    return this.#argsEnd;
  }

  get data(): Uint8Array {
    this.#makeData();
    return this.#data;
  }

  get dataEnd(): Uint32Array {
    this.#makeData();
    return this.#dataEnd;
  }

  #makeArgs(): void {
    const first = this.#withArgs;
    if (first === this.n) return;
    const encoder = this.#encoder;
    if (first === 0) encoder.reset();
    for (let i = first; i < this.n; i++) {
      const plan = this.#plans[i]!;
      if (plan.args.length > 0) {
        this.#ends.load(i, this.#params, plan.schema);
        if (plan.enterSchema !== null) this.#begins.load(i, this.#enterParams, plan.enterSchema);
        encoder.event(plan, this.#params, this.#enterParams);
      }
      this.#argsEnd[i] = encoder.length;
    }
    this.#args = encoder.bytes();
    this.#withArgs = this.n;
  }

  #makeData(): void {
    const first = this.#withData;
    if (first === this.n) return;
    let end = first === 0 ? 0 : this.#dataEnd[first - 1]!;
    for (let i = first; i < this.n; i++) {
      const from = this.#dataFrom[i]!;
      const to = this.#dataTo[i]!;
      if (to > from) {
        if (end + to - from > this.#data.length) this.#data = grown(this.#data, end, end + to - from);
        this.#ends.copy(i, from, to, this.#data, end);
        end += to - from;
      }
      this.#dataEnd[i] = end;
    }
    this.#withData = this.n;
  }
}

/** Places of as many events as a chunk holds. Most lie in the same region as the one before. */
class Places {
  readonly #regions: Region[] = [];
  readonly #region = new Uint16Array(CHUNK_EVENTS);
  readonly #from = new Int32Array(CHUNK_EVENTS);
  readonly #to = new Int32Array(CHUNK_EVENTS);
  readonly #counted = new Uint8Array(CHUNK_EVENTS);
  #last: Region | null = null;

  set(i: number, region: Region, from: number, to: number, counted: boolean): void {
    if (region !== this.#last) {
      this.#regions.push(region);
      this.#last = region;
    }
    this.#region[i] = this.#regions.length - 1;
    this.#from[i] = from;
    this.#to[i] = to;
    this.#counted[i] = counted ? 1 : 0;
  }

  clear(): void {
    this.#regions.length = 0;
    this.#last = null;
  }

  load(i: number, params: Params, schema: TypePlan['schema']): void {
    params.load(this.#regions[this.#region[i]!]!, this.#from[i]!, this.#to[i]!, schema, this.#counted[i] === 1);
  }

  copy(i: number, from: number, to: number, target: Uint8Array, at: number): void {
    const { bytes } = this.#regions[this.#region[i]!]!;
    if (to - from > 48) target.set(bytes.subarray(from, to), at);
    else for (let k = from; k < to; k++) target[at++] = bytes[k]!;
  }
}

function grown(bytes: Uint8Array, used: number, needed: number): Uint8Array {
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2, FIRST_BYTES));
  larger.set(bytes.subarray(0, used));
  return larger;
}
