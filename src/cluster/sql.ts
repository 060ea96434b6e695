/** Values in SQL. Text goes as hexadecimal digits: whatever it holds, it cannot become SQL. 18.16 knows no bound parameters. */

export const text = (value: string): string => bytes(Buffer.from(value, 'utf8').toString('hex'));

/** From hexadecimal digits. Throws for others. */
export function bytes(hex: string): string {
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw new Error(`${JSON.stringify(hex)} are no hexadecimal digits`);
  return `unhex('${hex}')`;
}

const HIGHEST = 2n ** 63n - 1n;

/** An Int64 or UInt64 below 2^63. Throws for what is none. */
export function integer(value: number | bigint): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error(`${value} is no integer`);
  if (BigInt(value) > HIGHEST || BigInt(value) < -HIGHEST) throw new Error(`${value} takes more than 64 bits`);
  return String(value);
}

/** A recording's id, all 64 bits of it. */
export function recording(id: string): string {
  if (!/^\d{1,20}$/.test(id)) throw new Error(`${JSON.stringify(id)} is no recording`);
  return id;
}
