/**
 * Events of a file as columns. Arguments and payloads stay where they lie in the file's bytes, and are put into columns
 * only when somebody asks for them: most filters never do.
 */
import { CHUNK_EVENTS, type Chunk } from '../model/chunk.ts';
import { ArgEncoder } from './args.ts';
import { Params } from './params.ts';
import type { TypePlan } from './types.ts';

const NOTHING = new Uint8Array(0);
const FIRST_BYTES = 1 << 20;

/** Where one event lies: its header's first byte, and the end of its parameters. */
export interface EventBytes {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** The number of parameters is told. */
  readonly counted: boolean;
}

/** Used again and again: whoever wants to keep something copies it. */
export class ScapChunk implements Chunk {
  n = 0;
  readonly num = new Float64Array(CHUNK_EVENTS);
  readonly time = new Float64Array(CHUNK_EVENTS);
  readonly latency = new Float64Array(CHUNK_EVENTS);
  readonly type = new Uint16Array(CHUNK_EVENTS);
  readonly flags = new Uint16Array(CHUNK_EVENTS);
  readonly cpu = new Uint16Array(CHUNK_EVENTS);
  readonly thread = new Uint32Array(CHUNK_EVENTS);
  readonly fd = new Uint32Array(CHUNK_EVENTS);
  readonly fdnum = new Int32Array(CHUNK_EVENTS);
  readonly res = new Float64Array(CHUNK_EVENTS);

  readonly #plans: TypePlan[] = [];
  readonly #ends = new Places();
  readonly #begins = new Places();
  /** The payload in the bytes of the event. */
  readonly #dataFrom = new Int32Array(CHUNK_EVENTS);
  readonly #dataTo = new Int32Array(CHUNK_EVENTS);
  /** Arguments that had to be encoded at once, one after the other; where those of an event end. */
  #early: Uint8Array = new Uint8Array(1 << 12);
  #earlyLength = 0;
  readonly #earlyEnd = new Int32Array(CHUNK_EVENTS);

  readonly #params = new Params();
  readonly #enterParams = new Params();
  readonly #encoder = new ArgEncoder(null);
  #args: Uint8Array = NOTHING;
  #data: Uint8Array = NOTHING;
  readonly #argsEnd = new Uint32Array(CHUNK_EVENTS);
  readonly #dataEnd = new Uint32Array(CHUNK_EVENTS);
  /** How many events the byte columns hold. */
  #withArgs = 0;
  #withData = 0;

  get full(): boolean {
    return this.n === CHUNK_EVENTS;
  }

  /** Says where event n's arguments and payload lie. `begin`: the event that began the call; null: none that is needed. */
  place(plan: TypePlan, end: EventBytes, begin: EventBytes | null, dataFrom: number, dataTo: number): void {
    const { n } = this;
    this.#plans[n] = plan;
    this.#ends.set(n, end);
    if (begin !== null) this.#begins.set(n, begin);
    this.#dataFrom[n] = dataFrom;
    this.#dataTo[n] = dataTo;
    this.#earlyEnd[n] = this.#earlyLength;
  }

  /** Keeps arguments of event n that nobody could encode later. After `place`. */
  placeArgs(args: Uint8Array): void {
    const end = this.#earlyLength + args.length;
    if (end > this.#early.length) this.#early = grown(this.#early, this.#earlyLength, end);
    this.#early.set(args, this.#earlyLength);
    this.#earlyLength = this.#earlyEnd[this.n] = end;
  }

  clear(): void {
    this.n = this.#withArgs = this.#withData = this.#earlyLength = 0;
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
      if (plan.early) encoder.copy(this.#early, i === 0 ? 0 : this.#earlyEnd[i - 1]!, this.#earlyEnd[i]!);
      else if (plan.args.length > 0) {
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

/** Places of as many events as a chunk holds. */
class Places {
  readonly #bytes: Uint8Array[] = [];
  readonly #from = new Int32Array(CHUNK_EVENTS);
  readonly #to = new Int32Array(CHUNK_EVENTS);
  readonly #counted = new Uint8Array(CHUNK_EVENTS);

  set(i: number, { bytes, from, to, counted }: EventBytes): void {
    this.#bytes[i] = bytes;
    this.#from[i] = from;
    this.#to[i] = to;
    this.#counted[i] = counted ? 1 : 0;
  }

  load(i: number, params: Params, schema: TypePlan['schema']): void {
    params.load(this.#bytes[i]!, this.#from[i]!, this.#to[i]!, schema, this.#counted[i] === 1);
  }

  copy(i: number, from: number, to: number, target: Uint8Array, at: number): void {
    const bytes = this.#bytes[i]!;
    if (to - from > 48) target.set(bytes.subarray(from, to), at);
    else for (let k = from; k < to; k++) target[at++] = bytes[k]!;
  }
}

function grown(bytes: Uint8Array, used: number, needed: number): Uint8Array {
  const larger = new Uint8Array(Math.max(needed, bytes.length * 2, FIRST_BYTES));
  larger.set(bytes.subarray(0, used));
  return larger;
}
