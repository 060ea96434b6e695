/** Blocks of a .scap file, cut out of the bytes as they come. */
import { u32 } from './bytes.ts';

export const Block = {
  SECTION: 0x0a0d0d0a,
  MACHINE: 0x201,
  PROCESSES: [0x202, 0x207, 0x209, 0x210, 0x211, 0x212, 0x213, 0x214, 0x215] as readonly number[],
  FDS_1: 0x203,
  FDS_2: 0x218,
  INTERFACES_1: 0x205,
  INTERFACES_2: 0x219,
  USERS_1: 0x206,
  USERS_2: 0x220,
} as const;

/** Numbers that the first versions used. */
const ALIASES: ReadonlyMap<number, number> = new Map([
  [0x8002abcd, 0x201],
  [0x8000abcd, 0x202],
  [0x8013abcd, 0x207],
  [0x8014abcd, 0x209],
  [0x8001abcd, 0x203],
  [0x8010abcd, 0x204],
  [0x8011abcd, 0x205],
  [0x8012abcd, 0x206],
]);

/** Blocks that are events: whether a word of flags comes first, and whether the number of parameters is told. */
export interface EventForm {
  readonly flags: boolean;
  readonly counted: boolean;
}

export const EVENT_FORMS: ReadonlyMap<number, EventForm> = new Map([
  [0x204, { flags: false, counted: false }],
  [0x216, { flags: false, counted: true }],
  [0x221, { flags: false, counted: true }],
  [0x208, { flags: true, counted: false }],
  [0x217, { flags: true, counted: true }],
  [0x222, { flags: true, counted: true }],
]);

/** Type and length before a block's body, and the length again behind it. */
const AROUND = 12;
/** No writer makes blocks of such a size: a longer one is damage. */
const MAX_BLOCK = 1 << 26;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Why reading ended before the file did. */
export class ScapDamage extends Error {
  override readonly name = 'ScapDamage';
}

export type BlockHandler = (type: number, bytes: Uint8Array, from: number, to: number) => void;

const NOTHING = new Uint8Array(0);

/** Cuts bytes into blocks. Throws ScapDamage when they are none. */
export class BlockCutter {
  #rest: Uint8Array = NOTHING;
  /** Where the next block begins, in the unzipped file. */
  #offset = 0;

  /** Gives each whole block's body as a range of bytes that hold until the next call. */
  push(bytes: Uint8Array, onBlock: BlockHandler): void {
    const all = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes);
    let at = 0;
    while (at + AROUND <= all.length) {
      const raw = u32(all, at);
      const length = u32(all, at + 4);
      if (length < AROUND || length > MAX_BLOCK) throw this.#damage(at, `a block of ${length} bytes`);
      if (at + length > all.length) break;
      if (u32(all, at + length - 4) !== length) throw this.#damage(at, 'a block whose two lengths differ');
      onBlock(raw > 0x80000000 ? (ALIASES.get(raw) ?? raw) : raw, all, at + 8, at + length - 4);
      at += length;
    }
    this.#offset += at;
    this.#rest = all.subarray(at);
  }

  /** Bytes of a block that never ended. */
  get left(): number {
    return this.#rest.length;
  }

  get offset(): number {
    return this.#offset;
  }

  #damage(at: number, what: string): ScapDamage {
    return new ScapDamage(`at byte ${this.#offset + at}: ${what}`);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
