/** A command that is run again says the same from its beginning: what is on standard output already is not written twice. */

const NOTHING = new Uint8Array(0);
/** Bytes that were written, and the last piece of them. */
let [total, last] = [0, NOTHING as Uint8Array];
let before: { readonly total: number; readonly last: Uint8Array } | null = null;

export function startOver(): void {
  if (before === null || total > before.total) before = { total, last };
  [total, last] = [0, NOTHING];
}

/** How many of these bytes, the next ones, are there already. Throws where other ones are: going on would make nonsense of both. */
export function writtenBefore(bytes: Uint8Array): number {
  const at = total;
  total += bytes.length;
  last = bytes;
  if (before === null || at >= before.total) return 0;
  requireSame(bytes, at, before.total - before.last.length, before.last);
  return Math.min(bytes.length, before.total - at);
}

/** `at`, `from`: where in the output the two pieces begin. */
function requireSame(bytes: Uint8Array, at: number, from: number, piece: Uint8Array): void {
  const [begin, end] = [Math.max(at, from), Math.min(at + bytes.length, from + piece.length)];
  if (begin >= end) return;
  if (Buffer.compare(bytes.subarray(begin - at, end - at), piece.subarray(begin - from, end - from)) !== 0)
    throw new Error('what was written before the damage was found is not what the rest of the file gives: use trowel repair');
}
