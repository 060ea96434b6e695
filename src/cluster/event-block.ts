/** Events → one block for the table `event`: their columns as they are, and the names that SQL groups by. */
import type { CaptureContext } from '../event/view.ts';
import { EventView } from '../event/view.ts';
import { knownField } from '../filter/plan.ts';
import type { Chunk, RowColumn } from '../model/chunk.ts';
import { NativeBlock } from './native.ts';
import { EVENT_COLUMNS } from './schema.ts';

/** Names of an event, each with where it comes from. */
const NAMES = {
  ns: ['thread', 'k8s.ns.name'],
  pod: ['thread', 'k8s.pod.name'],
  type: ['type', 'evt.type'],
  comm: ['thread', 'proc.name'],
  kind: ['fd', 'fd.type'],
} as const satisfies Readonly<Record<string, readonly [RowColumn, string]>>;
type Name = keyof typeof NAMES;

const WORD = 2 ** 32;

export class EventBlocks {
  readonly #view: EventView;
  readonly #rec: bigint;
  readonly #epoch: bigint;

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
    const names = (name: Name) => this.#names(block, name, chunk);
    names('ns');
    names('pod');
    block.numbers('rec', 'UInt64', new BigUint64Array(n).fill(this.#rec));
    block.numbers('time', 'Int64', integers(chunk.time, n, this.#epoch));
    int64('num');
    int64('latency');
    names('type');
    names('comm');
    names('kind');
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
  #names(block: NativeBlock, name: Name, chunk: Chunk): void {
    const [column, fieldName] = NAMES[name];
    const field = knownField(fieldName);
    const ids = chunk[column];
    const words = new Map<string, number>();
    const known = new Map<number, number>();
    const indices = new Uint32Array(chunk.n);
    for (let i = 0; i < chunk.n; i++) {
      const id = ids[i]!;
      let index = known.get(id);
      if (index === undefined) {
        this.#view.onRow(column, id, chunk.time[i]!);
        const word = field.scope === 'column' ? '' : String(field.read(this.#view, '') ?? '');
        index = words.get(word) ?? words.size;
        words.set(word, index);
        known.set(id, index);
      }
      indices[i] = index;
    }
    block.words(name, [...words.keys()], indices);
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
