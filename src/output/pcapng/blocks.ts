/** Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian, times in ns. */
import type { GrowingBytes } from './growing.ts';

export const SECTION = 0x0a0d0d0a;
export const INTERFACE = 1;
export const ENHANCED_PACKET = 6;
/** LINKTYPE_RAW: a packet begins with its IP header. */
export const LINK_RAW = 101;

const BYTE_ORDER = 0x1a2b3c4d;
const OPTION = { end: 0, comment: 1, ifName: 2, ifDescription: 3, tsResolution: 9, application: 4, flags: 2 } as const;
const NANOSECONDS = 9;
const TWO_32 = 2 ** 32;
/** An option's length has 16 bits. */
const LONGEST = 0xffff;

const utf8 = new TextEncoder();

/** Fills a block from its type to its closing length. */
function block(out: GrowingBytes, type: number, fill: () => void): void {
  const start = out.length;
  out.u32(type);
  out.u32(0);
  fill();
  endBlock(out, start);
}

function endBlock(out: GrowingBytes, start: number): void {
  const length = out.length + 4 - start;
  out.u32(length);
  out.setU32(start + 4, length);
}

function option(out: GrowingBytes, code: number, value: Uint8Array): void {
  const length = Math.min(value.length, LONGEST);
  out.u16(code);
  out.u16(length);
  out.put(value, 0, length);
  out.pad4();
}

/** The file's head. */
export function sectionBlock(out: GrowingBytes, application: string, comment: string): void {
  block(out, SECTION, () => {
    out.u32(BYTE_ORDER);
    out.u16(1);
    out.u16(0);
    out.u32(0xffffffff);
    out.u32(0xffffffff);
    option(out, OPTION.comment, utf8.encode(comment));
    option(out, OPTION.application, utf8.encode(application));
    out.u32(OPTION.end);
  });
}

/** Interfaces are numbered from 0 in their order. */
export function interfaceBlock(out: GrowingBytes, linkType: number, name: string, description: string): void {
  block(out, INTERFACE, () => {
    out.u16(linkType);
    out.u16(0);
    out.u32(0);
    option(out, OPTION.ifName, utf8.encode(name));
    option(out, OPTION.ifDescription, utf8.encode(description));
    option(out, OPTION.tsResolution, Uint8Array.of(NANOSECONDS));
    out.u32(OPTION.end);
  });
}

/** ns since 1970 of time zero, in two halves, so that no packet takes a bigint. */
export interface SplitEpoch {
  readonly high: number;
  readonly low: number;
}

export const splitEpoch = (epoch: bigint): SplitEpoch => ({ high: Number(epoch >> 32n), low: Number(epoch & 0xffffffffn) });

const PACKET_HEAD = 28;

/** A packet that is being written: `beginPacket`, its captured bytes, `endPacket`. */
export function beginPacket(out: GrowingBytes, iface: number, epoch: SplitEpoch, time: number): number {
  const start = out.length;
  const ns = Math.max(0, Math.round(time));
  const low = epoch.low + (ns % TWO_32);
  out.zeros(PACKET_HEAD);
  out.setU32(start, ENHANCED_PACKET);
  out.setU32(start + 8, iface);
  out.setU32(start + 12, epoch.high + Math.floor(ns / TWO_32) + (low >= TWO_32 ? 1 : 0));
  out.setU32(start + 16, low % TWO_32);
  return start;
}

/** Where the comment's length is to be written, after which its text follows up to `endPacket`. `length`: of the whole packet on the wire. */
export function beginComment(out: GrowingBytes, start: number, length: number): number {
  out.setU32(start + 20, out.length - start - PACKET_HEAD);
  out.setU32(start + 24, length);
  out.pad4();
  out.u16(OPTION.comment);
  out.u16(0);
  return out.length;
}

/** `flags`: 1 inbound, 2 outbound; 0: not known. */
export function endPacket(out: GrowingBytes, start: number, comment: number, flags: 0 | 1 | 2): void {
  out.setU16(comment - 2, Math.min(out.length - comment, LONGEST));
  out.pad4();
  if (flags !== 0) {
    out.u16(OPTION.flags);
    out.u16(4);
    out.u32(flags);
  }
  out.u32(OPTION.end);
  endBlock(out, start);
}
