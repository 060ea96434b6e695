/** What a sysdig capture looks like from outside. */
import type { Named } from '../capture/opener.ts';
import { compressionOf } from './decompress/format.ts';

const SECTION = 0x0a0d0d0a;

/** A file may be compressed: what is in it shows when it is read. */
export function looksLikeScap({ head }: Named): boolean {
  if (compressionOf(head) !== null) return true;
  return head.length >= 4 && Buffer.from(head).readUInt32LE(0) === SECTION;
}
