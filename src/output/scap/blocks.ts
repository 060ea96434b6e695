/** Blocks of a .scap file, as src/scap/blocks.ts and src/scap/lists.ts read them. */
import type { GrowingBytes } from '../pcapng/growing.ts';
import type { EventForm } from './forms.ts';
import type { Value } from './values.ts';

export const BLOCK = {
  MACHINE: 0x201,
  PROCESSES: 0x215,
  FDS: 0x218,
  INTERFACES: 0x219,
  USERS: 0x220,
  EVENT: 0x216,
  LARGE_EVENT: 0x221,
} as const;

const SECTION = 0x0a0d0d0a;
const MAGIC = 0x1a2b3c4d;
/** Of an event: time, thread, length, type, number of parameters. */
const HEADER = 26;
/** Bytes of one parameter, as lengths of two bytes and of four have it. */
const LARGEST = 0xffff;
const LARGEST_LONG = 1 << 24;

const WIDTHS: Readonly<Record<string, number>> = {
  int8: 1, uint8: 1, flags8: 1, enumflags8: 1, sigtype: 1, l4proto: 1, sockfamily: 1,
  int16: 2, uint16: 2, flags16: 2, enumflags16: 2, syscallid: 2, port: 2,
  int32: 4, uint32: 4, flags32: 4, enumflags32: 4, mode: 4, uid: 4, gid: 4, bool: 4, sigset: 4, pid32: 4, fd32: 4, ipv4addr: 4,
  int64: 8, uint64: 8, errno: 8, fd: 8, pid: 8, reltime: 8, abstime: 8,
}; // biome-ignore format: a table
const TEXTS: ReadonlySet<string> = new Set(['charbuf', 'fspath', 'fsrelpath']);

export function integer(out: GrowingBytes, value: number, width: number): void {
  if (width === 1) out.u8(value & 0xff);
  else if (width === 2) out.u16(value & 0xffff);
  else if (width === 4) out.u32(value >>> 0);
  else out.u64(BigInt.asUintN(64, BigInt(Math.trunc(value))));
}

/** A text as lists have it: length and bytes. */
export function listText(out: GrowingBytes, text: string | Uint8Array): void {
  const bytes = (typeof text === 'string' ? Buffer.from(text) : text).subarray(0, LARGEST);
  out.u16(bytes.length);
  out.put(bytes);
}

/** Writes a block around what `body` writes. */
export function block(out: GrowingBytes, type: number, body: () => void): void {
  const start = out.length;
  out.u32(type);
  out.u32(0);
  body();
  out.zeros((4 - ((out.length - start) & 3)) & 3);
  const length = out.length - start + 4;
  out.u32(length);
  out.setU32(start + 4, length);
}

/** An entry of a list before which stands its length, which counts itself. */
export function entry(out: GrowingBytes, body: () => void): void {
  const start = out.length;
  out.u32(0);
  body();
  out.setU32(start, out.length - start);
}

export function section(out: GrowingBytes): void {
  block(out, SECTION, () => {
    out.u32(MAGIC);
    out.u16(1);
    out.u16(2);
    out.u64(0xffffffffffffffffn);
  });
}

export interface EventHead {
  readonly cpu: number;
  /** ns since 1970. */
  readonly time: bigint;
  readonly tid: number;
}

/** One event; `values` are as many as its form has parameters, or fewer. */
export function eventBlock(out: GrowingBytes, head: EventHead, form: EventForm, values: readonly Value[]): void {
  const width = form.large ? 4 : 2;
  block(out, form.large ? BLOCK.LARGE_EVENT : BLOCK.EVENT, () => {
    out.u16(head.cpu);
    const start = out.length;
    out.u64(BigInt.asUintN(64, head.time));
    integer(out, head.tid, 8);
    out.u32(0);
    out.u16(form.type);
    out.u32(values.length);
    const lengths = start + HEADER;
    out.zeros(values.length * width);
    values.forEach((value, i) => {
      const before = out.length;
      param(out, form.params[i]!.kind, value, form.large ? LARGEST_LONG : LARGEST);
      const length = out.length - before;
      if (form.large) out.setU32(lengths + i * width, length);
      else out.setU16(lengths + i * width, length);
    });
    out.setU32(start + 16, out.length - start);
  });
}

function param(out: GrowingBytes, kind: string, value: Value, most: number): void {
  const width = WIDTHS[kind];
  if (width !== undefined) integer(out, typeof value === 'number' ? value : 0, width);
  else if (value !== null && typeof value !== 'number') {
    out.put(value, 0, Math.min(value.length, most - 1));
    if (TEXTS.has(kind)) out.u8(0);
  } else if (TEXTS.has(kind)) out.u8(0);
}
