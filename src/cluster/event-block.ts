/** Events → one block for the table `event`: their columns as they are, and the names that SQL groups by. */
import type { CaptureContext } from '../event/view.ts';
import { EventView } from '../event/view.ts';
import { knownField } from '../filter/plan.ts';
import type { Chunk, RowColumn } from '../model/chunk.ts';
import { NativeBlock } from './native.ts';
import { EVENT_COLUMNS } from './schema.ts';

/** Columns of names, by the row that has them, and the fields that give them. */
export const NAMES = {
  thread: { ns: 'k8s.ns.name', pod: 'k8s.pod.name', comm: 'proc.name' },
  fd: { kind: 'fd.type' },
} as const satisfies Partial<Record<RowColumn, Readonly<Record<string, string>>>>;

const WORD = 2 ** 32;

/** What a column of names has for the view's row; empty: nothing. */
export function wordOf(name: string, view: EventView): string {
  const field = knownField(name);
  return field.scope === 'column' ? '' : String(field.read(view, '') ?? '');
}

export class EventBlocks {
  readonly #view: EventView;
  readonly #rec: bigint;
  readonly #epoch: bigint;
  readonly #threads = new DistinctRows();
  readonly #fds = new DistinctRows();

  /** `rec`: the recording's id. */
  constructor(context: CaptureContext, rec: string) {
    this.#view = new EventView(context);
    this.#rec = BigInt(rec);
    this.#epoch = context.epoch;
  }

  of(chunk: Chunk): Uint8Array {
    const { n } = chunk;
    const block = new NativeBlock(EVENT_COLUMNS.length, n);
    const int64 = (name: 'num' | 'latency' | 'res') => block.numbers(name, 'Int64', integers(chunk[name], n, 0n));
    const threads = this.#threads.of(chunk.thread, n);
    const name = (column: string, of: keyof typeof NAMES, field: string, rows: Distinct) =>
      this.#name(block, column, { of, field, rows, time: chunk.time });
    name('ns', 'thread', NAMES.thread.ns, threads);
    name('pod', 'thread', NAMES.thread.pod, threads);
    block.numbers('rec', 'UInt64', new BigUint64Array(n).fill(this.#rec));
    block.numbers('time', 'Int64', integers(chunk.time, n, this.#epoch));
    int64('num');
    int64('latency');
    name('comm', 'thread', NAMES.thread.comm, threads);
    name('kind', 'fd', NAMES.fd.kind, this.#fds.of(chunk.fd, n));
    block.numbers('type_id', 'UInt16', chunk.type);
    block.numbers('flags', 'UInt16', chunk.flags);
    block.numbers('cpu', 'UInt16', chunk.cpu);
    block.numbers('thread', 'UInt32', chunk.thread);
    block.numbers('fd', 'UInt32', chunk.fd);
    block.numbers('fdnum', 'Int32', chunk.fdnum);
    int64('res');
    block.byteStrings('args', chunk.args, chunk.argsEnd);
    block.byteStrings('data', chunk.data, chunk.dataEnd);
    return block.bytes();
  }

  /** A row's name is read once a block, as of the row's first event in it. */
  #name(block: NativeBlock, column: string, { of, field, rows, time }: Naming): void {
    const words = new Map<string, number>();
    const indexOf = Uint32Array.from(rows.ids, (id, k) => {
      const word = wordOf(field, this.#view.onRow(of, id, time[rows.first[k]!]!));
      const index = words.get(word) ?? words.size;
      words.set(word, index);
      return index;
    });
    block.words(
      column,
      [...words.keys()],
      rows.which.map((k) => indexOf[k]!),
    );
  }
}

/** What a column of names is made of. */
interface Naming {
  readonly of: keyof typeof NAMES;
  readonly field: string;
  readonly rows: Distinct;
  readonly time: Float64Array;
}

/** The different rows that events refer to. */
interface Distinct {
  readonly ids: readonly number[];
  /** Index of each one's first event. */
  readonly first: readonly number[];
  /** Of each event: index in `ids`. */
  readonly which: Uint32Array;
}

/** Finds them by a table over all ids, which are small numbers: a map would take most of the time of sending. */
class DistinctRows {
  /** By id: its index and 1, within a block; 0: not seen. */
  #seen = new Uint32Array(1024);

  of(column: Uint32Array, n: number): Distinct {
    const ids: number[] = [];
    const first: number[] = [];
    const which = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      const id = column[i]!;
      if (id >= this.#seen.length) this.#grow(id);
      if (this.#seen[id] === 0) {
        first.push(i);
        this.#seen[id] = ids.push(id);
      }
      which[i] = this.#seen[id]! - 1;
    }
    for (const id of ids) this.#seen[id] = 0;
    return { ids, first, which };
  }

  #grow(id: number): void {
    const larger = new Uint32Array(2 * id);
    larger.set(this.#seen);
    this.#seen = larger;
  }
}

/** Whole numbers below 2^53, and `plus`, as 64 bits: by halves, since a BigInt each would cost ten times as much. */
function integers(values: Float64Array, n: number, plus: bigint): BigInt64Array {
  const out = new BigInt64Array(n);
  const halves = new Uint32Array(out.buffer);
  const low = Number(plus & 0xffff_ffffn);
  const high = Number(plus >> 32n);
  for (let i = 0; i < n; i++) {
    const value = values[i]!;
    const upper = Math.floor(value / WORD);
    const sum = value - upper * WORD + low;
    const carry = sum >= WORD ? 1 : 0;
    halves[2 * i] = sum - carry * WORD;
    halves[2 * i + 1] = upper + high + carry;
  }
  return out;
}
