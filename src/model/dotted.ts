/** Bytes as ASCII, a dot for what is not printable. */
export function dotted(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  return text;
}

const MORE = '...';

/** The same, of no more than `shown` bytes: three dots at the end say that there are more. */
export function shortened(bytes: Uint8Array, shown: number): string {
  return bytes.length <= shown ? dotted(bytes) : dotted(bytes.subarray(0, shown - MORE.length)) + MORE;
}
