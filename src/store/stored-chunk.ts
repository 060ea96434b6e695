/** Chunks of events as a capture stores them. */
import { CaptureDamage } from '../capture/error.ts';
import { CHUNK_EVENTS, type Chunk, type ChunkHead } from '../model/chunk.ts';
import { type ByteColumn, COLUMNS, LazyColumns, type NumberArray, type NumberColumn } from '../model/columns.ts';
import { unpackNumbers } from './codec.ts';
import { decodePresence } from './presence.ts';
import type { StoredColumn } from './schema.ts';
import { checkSum, sumOf } from './sum.ts';
import { unpackBytes } from './zip.ts';

/** A row of the table `chunk`. */
export interface ChunkRow {
  id: number;
  n: number;
  first_num: number;
  last_num: number;
  min_time: number;
  max_time: number;
  max_latency: number;
  types: Uint8Array;
  threads: Uint8Array;
  fds: Uint8Array;
  sealed: number;
  /** Absent in captures of older versions. */
  after?: number;
  sum?: number;
}

const PRESENCE_FIELD = { type: 'types', thread: 'threads', fd: 'fds' } as const;

/** A chunk whose columns are decoded on first use. */
export class StoredChunk extends LazyColumns implements Chunk {
  readonly #numbers = new Map<NumberColumn | 'argsLength' | 'dataLength', NumberArray>();
  readonly #bytes = new Map<ByteColumn, Uint8Array>();
  readonly n: number;
  #argsEnd: Uint32Array | null = null;
  #dataEnd: Uint32Array | null = null;

  constructor(
    readonly path: string,
    readonly head: ChunkHead,
    readonly blob: (column: StoredColumn) => Uint8Array,
    readonly scratch: Map<string, NumberArray> | null,
  ) {
    super();
    this.n = head.n;
  }

  get args(): Uint8Array {
    return this.#byte('args');
  }
  get data(): Uint8Array {
    return this.#byte('data');
  }
  get argsEnd(): Uint32Array {
    this.#argsEnd ??= this.#ends('argsLength');
    return this.#argsEnd;
  }
  get dataEnd(): Uint32Array {
    this.#dataEnd ??= this.#ends('dataLength');
    return this.#dataEnd;
  }

  /** What the getters of the columns ask. */
  override number(name: NumberColumn): NumberArray {
    let column = this.#numbers.get(name);
    if (column === undefined) {
      column = this.#memory<NumberArray>(name, COLUMNS[name].array);
      this.#unpack(name, column);
      this.#numbers.set(name, column);
    }
    return column;
  }

  #memory<T extends NumberArray>(name: string, type: { new (length: number): T }): T {
    const kept = this.scratch?.get(name) as T | undefined;
    if (kept !== undefined && kept.length >= this.n) return kept;
    const made = new type(this.scratch === null ? this.n : Math.max(this.n, CHUNK_EVENTS));
    this.scratch?.set(name, made);
    return made;
  }

  #byte(name: ByteColumn): Uint8Array {
    let bytes = this.#bytes.get(name);
    if (bytes === undefined) {
      bytes = this.#decoded(name, (blob) => unpackBytes(blob, this.#length(name)));
      this.#bytes.set(name, bytes);
    }
    return bytes;
  }

  /** Bytes of all events together. */
  #length(name: ByteColumn): number {
    const ends = name === 'args' ? this.argsEnd : this.dataEnd;
    return this.n === 0 ? 0 : ends[this.n - 1]!;
  }

  #unpack(name: StoredColumn, target: NumberArray): void {
    this.#decoded(name, (blob) => unpackNumbers(blob, this.n, target));
  }

  #decoded<T>(name: StoredColumn, decode: (blob: Uint8Array) => T): T {
    const blob = this.blob(name);
    try {
      return decode(blob);
    } catch (error) {
      throw new CaptureDamage(this.path, `column ${name} of events from ${this.head.firstNum} on: ${(error as Error).message}`);
    }
  }

  #ends(name: 'argsLength' | 'dataLength'): Uint32Array {
    const ends = this.#memory(name, Uint32Array);
    this.#unpack(name, ends);
    for (let i = 1; i < this.n; i++) ends[i]! += ends[i - 1]!;
    return ends;
  }
}

/** Throws where a row is not what was stored. */
export function checkHead(row: ChunkRow): void {
  if (row.sum === undefined) return;
  const { id, n, first_num, last_num, min_time, max_time, max_latency, sealed, after = 0, types, threads, fds } = row;
  checkSum(row.sum, sumOf([id, n, first_num, last_num, min_time, max_time, max_latency, sealed, after], types, threads, fds));
}

export function headOf(row: ChunkRow): ChunkHead {
  return {
    id: row.id,
    n: row.n,
    firstNum: row.first_num,
    lastNum: row.last_num,
    minTime: row.min_time,
    maxTime: row.max_time,
    maxLatency: row.max_latency,
    presence: (column) => decodePresence(row[PRESENCE_FIELD[column]]),
  };
}
