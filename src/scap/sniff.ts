/** What a sysdig capture looks like from outside. */
import { type Named, STDIN } from '../capture/opener.ts';

const SECTION = 0x0a0d0d0a;
const GZIP = 0x1f8b;

/** Standard input is taken for one: nothing else can be read without going back. */
export function looksLikeScap({ name, head }: Named): boolean {
  if (name === STDIN) return true;
  const bytes = Buffer.from(head);
  if (bytes.length >= 2 && bytes.readUInt16BE(0) === GZIP) return true;
  return bytes.length >= 4 && bytes.readUInt32LE(0) === SECTION;
}
