/** SQLite's numbers of variable length: seven bits a byte, the highest first. */

/** Gives where it ends. */
export function putVarint(target: Uint8Array, at: number, value: number): number {
  let end = at;
  if (value >= 0x80) {
    let scale = 0x80;
    while (value >= scale * 0x80) scale *= 0x80;
    for (; scale > 1; scale /= 0x80) target[end++] = 0x80 | (Math.floor(value / scale) & 0x7f);
  }
  target[end++] = value % 0x80;
  return end;
}

export function varintSize(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
