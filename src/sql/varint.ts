/** SQLite's numbers of variable length: seven bits a byte, the highest first. */

const INT_BITS = 2 ** 28;

/** Gives where it ends. */
export function putVarint(target: Uint8Array, at: number, value: number): number {
  let end = at;
  if (value >= INT_BITS) {
    const high = Math.floor(value / INT_BITS);
    end = putVarint(target, at, high);
    for (let i = at; i < end; i++) target[i]! |= 0x80;
    for (let shift = 21; shift > 0; shift -= 7) target[end++] = 0x80 | ((value % INT_BITS) >> shift);
  } else
    for (let shift = value >= 1 << 21 ? 21 : value >= 1 << 14 ? 14 : value >= 1 << 7 ? 7 : 0; shift > 0; shift -= 7)
      target[end++] = 0x80 | (value >> shift);
  target[end++] = (value % INT_BITS) & 0x7f;
  return end;
}

export function varintSize(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
