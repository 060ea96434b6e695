/** What a sysdig capture looks like from outside. */
import type { Named } from '../capture/opener.ts';
import { compressionOf } from './decompress/format.ts';

const SECTION = 0x0a0d0d0a;
/** pcapng begins as .scap does, of which it is the model; then it describes an interface. */
const INTERFACE = 1;

/** A file may be compressed: what is in it shows when it is read. */
export function looksLikeScap({ head }: Named): boolean {
  if (compressionOf(head) !== null) return true;
  const bytes = Buffer.from(head);
  if (bytes.length < 4 || bytes.readUInt32LE(0) !== SECTION) return false;
  const next = bytes.length < 8 ? Infinity : bytes.readUInt32LE(4);
  return next + 4 > bytes.length || bytes.readUInt32LE(next) !== INTERFACE;
}
