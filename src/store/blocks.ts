/**
 * Rows of a dimension that come by the thousand and are whole numbers only: kept as blocks of columns, not one by one.
 *
 *   for each column   uint32: bytes of its blob, then the blob, as codec.ts says
 *
 * A block may have fewer columns than today's: those read as null.
 */
import { packNumbers, unpackNumbers } from './codec.ts';
import { checkSum, sumOf } from './sum.ts';
import { BLOCK_ROWS } from './tables.ts';
import type { Compression } from './zip.ts';

/** In the place of null: no number of ours is as small. */
const NULL = Number.MIN_SAFE_INTEGER;

export type Values = (number | null)[];

/** Rows, each the values of all columns in order, as one block. */
export function packRows(rows: readonly Values[], columns: number, compression: Compression): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let c = 0; c < columns; c++) {
    const values = Float64Array.from(rows, (row) => row[c] ?? NULL);
    const blob = packColumn(values, compression);
    parts.push(new Uint8Array(Uint32Array.of(blob.length).buffer), blob);
  }
  return Buffer.concat(parts);
}

/** What ascends, as numbers and times of rows do, as its steps. */
function packColumn(values: Float64Array, compression: Compression): Uint8Array {
  const ascends = values[0]! >= 0 && values.every((value, i) => i === 0 || value >= values[i - 1]!);
  return packNumbers(values, values.length, ascends, compression);
}

/** The rows of a stored block, as selectFrom gives it. Throws where it is damaged. */
export function rowsOfBlock([n, block, ...summed]: readonly unknown[], columns: number): Values[] {
  if (summed.length > 0) checkSum(summed[1], sumOf([summed[0] as number, n as number], block as Uint8Array));
  return unpackRows(block as Uint8Array, Math.min(n as number, BLOCK_ROWS), columns);
}

/** The inverse of packRows, of n rows. Throws where the block is damaged. */
export function unpackRows(block: Uint8Array, n: number, columns: number): Values[] {
  const rows = Array.from({ length: n }, (): Values => new Array<number | null>(columns).fill(null));
  const header = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const values = new Float64Array(n);
  for (let c = 0, at = 0; c < columns && at < block.length; c++) {
    const from = at + 4;
    at = from + header.getUint32(at, true);
    if (at > block.length) throw new Error(`a block of ${block.length} bytes names ${at}`);
    unpackNumbers(block.subarray(from, at), n, values);
    for (let i = 0; i < n; i++) if (values[i] !== NULL) rows[i]![c] = values[i]!;
  }
  return rows;
}
