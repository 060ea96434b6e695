/** First stage: blocks of a .scap file, cut out of the bytes as they come. */
import { NO_REGION, Region, u32 } from './bytes.ts';

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

/** Blocks that are events: whether a word of flags comes first, and whether it has the number of parameters. */
export interface EventForm {
  readonly flags: boolean;
  readonly counted: boolean;
}

const EVENT_FORMS: ReadonlyMap<number, EventForm> = new Map([
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

const FIRST_TYPE = 0x200;
const FORMS: readonly (EventForm | undefined)[] = Array.from({ length: 0x40 }, (_, i) => EVENT_FORMS.get(FIRST_TYPE + i));

/** How a block is an event; undefined: it is none. */
export function eventForm(type: number): EventForm | undefined {
  const index = type - FIRST_TYPE;
  return index >= 0 && index < FORMS.length ? FORMS[index] : undefined;
}

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Why reading ended before the file did. */
export class ScapDamage extends Error {
  override readonly name = 'ScapDamage';
}

/** Cuts bytes into blocks: feed it, and ask for the next block as long as there is one. */
export class BlockCutter {
  /** The block at hand: its body lies in `region` from `from` to `to`. */
  type = 0;
  region = NO_REGION;
  from = 0;
  to = 0;
  /** Where the next block begins, in `region`. */
  #at = 0;
  /** Where `region` begins, in the unzipped file. */
  #start = 0;
  /** What comes after `region`, which then is one block that was cut in two by the regions' border. */
  #after: Uint8Array | null = null;

  /** More bytes. All blocks of those before have been asked for. */
  feed(bytes: Uint8Array): void {
    const rest = this.region.part(this.#at);
    const missing = rest.length === 0 ? 0 : missingOf(rest, bytes);
    this.#start += this.#at;
    this.#at = 0;
    this.#after = missing > 0 && missing < bytes.length ? bytes.subarray(missing) : null;
    if (rest.length === 0) this.region = new Region(bytes);
    else this.region = new Region(joined(rest, this.#after === null ? bytes : bytes.subarray(0, missing), missing));
  }

  /** False: no whole block is left. Throws ScapDamage when the bytes are none. */
  next(): boolean {
    if (this.#at === this.region.length && this.#after !== null) this.#goOn(this.#after);
    const { region } = this;
    const at = this.#at;
    if (at + AROUND > region.length) return false;
    const raw = region.u32(at);
    const length = region.u32(at + 4);
    if (length < AROUND || length > MAX_BLOCK) throw this.#damage(`a block of ${length} bytes`);
    if (at + length > region.length) return false;
    if (region.u32(at + length - 4) !== length) throw this.#damage('a block whose two lengths differ');
    this.type = raw > 0x80000000 ? (ALIASES.get(raw) ?? raw) : raw;
    this.from = at + 8;
    this.to = at + length - 4;
    this.#at = at + length;
    return true;
  }

  #goOn(bytes: Uint8Array): void {
    this.#start += this.#at;
    this.#at = 0;
    this.region = new Region(bytes);
    this.#after = null;
  }

  /** When the file is at its end: what is wrong with that; null: nothing. */
  get cut(): string | null {
    return this.region.length === this.#at ? null : `the file ends within a block, at byte ${this.#offset}`;
  }

  get #offset(): number {
    return this.#start + this.#at;
  }

  #damage(what: string): ScapDamage {
    return new ScapDamage(`at byte ${this.#offset}: ${what}`);
  }
}

/** How many of `bytes` belong to the block that `rest` begins; all of them where that cannot be told. */
function missingOf(rest: Uint8Array, bytes: Uint8Array): number {
  if (rest.length < 8) return bytes.length;
  const length = u32(rest, 4);
  return length < AROUND || length > MAX_BLOCK ? bytes.length : length - rest.length;
}

/** Both, with room behind for what is missing: a block that comes in many pieces is copied once, not once a piece. */
function joined(begun: Uint8Array, more: Uint8Array, missing: number): Uint8Array {
  const { buffer, byteOffset, length } = begun;
  const hasRoom = byteOffset === 0 && rooms.has(buffer) && buffer.byteLength >= length + more.length;
  const all = hasRoom ? new Uint8Array(buffer) : roomFor(begun, Math.max(missing, more.length));
  all.set(more, length);
  return all.subarray(0, length + more.length);
}

/** Those of `joined`: no other memory may be written behind the bytes that are known. */
const rooms = new WeakSet<ArrayBufferLike>();

function roomFor(begun: Uint8Array, more: number): Uint8Array {
  const room = new Uint8Array(begun.length + more);
  room.set(begun);
  rooms.add(room.buffer);
  return room;
}
