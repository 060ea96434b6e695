/** A report's cells as text for people, as plain text, and as JSON. Captured text becomes harmless here or nowhere. */
import { dotted } from '../model/dotted.ts';
import { clockText, type Epoch, spanText, wallNs } from '../model/time.ts';
import type { Cell, ColumnType, Row } from '../report/report.ts';
import { sanitize } from './printable.ts';

/** For tables: times on the clock, spans and sizes with their units; empty where there is nothing. Harmless. */
export function peopleText(column: ColumnType, cell: Cell, epoch: Epoch): string {
  if (cell === null || cell === undefined) return '';
  if (Array.isArray(cell)) return (cell as readonly Cell[]).map((one) => peopleText(column, one, epoch)).join(', ');
  if (typeof cell !== 'number') return sanitize(plainText(column, cell, epoch));
  switch (column.unit) {
    case 'ns':
      return spanText(cell);
    case 'bytes':
      return sizeText(cell);
    case 'time':
      return clockText(epoch, cell);
    case 'share':
      return `${(100 * cell).toFixed(1)} %`;
    default:
      return String(cell);
  }
}

/** As the filter language writes it: ns, bytes, ns since 1970; `absent` where there is nothing. Not yet harmless. */
export function plainText(column: ColumnType, cell: Cell, epoch: Epoch, absent = ''): string {
  if (cell === null || cell === undefined) return absent;
  if (typeof cell === 'string') return cell;
  if (cell instanceof Uint8Array) return dotted(cell);
  if (Array.isArray(cell)) return (cell as readonly Cell[]).map((one) => plainText(column, one, epoch, absent)).join(',');
  if (typeof cell !== 'number') return String(cell);
  return column.unit === 'time' ? wallNs(epoch, cell) : numberText(cell);
}

/** All digits, also of what is larger than a double holds exactly. */
function numberText(value: number): string {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value).toString() : String(value);
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** How bytes become JSON, and where time zero is. */
export interface JsonCells {
  readonly epoch: Epoch;
  readonly bytesAs: 'base64' | 'text';
}

/** The columns that a row has, by their names. */
export function rowJson(columns: readonly ColumnType[], row: Row, how: JsonCells): Json {
  const object: Record<string, Json> = {};
  columns.forEach((column, i) => {
    const cell = row[i];
    if (cell !== undefined && column.audience !== 'people') object[column.name] = cellJson(column, cell, how);
  });
  return object;
}

export function cellJson(column: ColumnType, cell: Cell, how: JsonCells): Json {
  if (cell === null || cell === undefined) return null;
  if (column.unit === 'record') {
    const one = (row: Row) => rowJson(column.parts, row, how);
    return column.many ? (cell as readonly Row[]).map(one) : one(cell as Row);
  }
  if (Array.isArray(cell)) return (cell as readonly Cell[]).map((one) => cellJson(column, one, how));
  return valueJson(column, cell as Exclude<Cell, readonly Cell[] | null | undefined>, how);
}

/** ns since 1970 and integers that a double cannot hold are digits; bytes are base64 or dotted text. */
function valueJson({ unit }: ColumnType, value: string | number | bigint | boolean | Uint8Array, how: JsonCells): Json {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return how.bytesAs === 'base64' ? Buffer.from(value).toString('base64') : dotted(value);
  if (typeof value !== 'number') return value;
  if (unit === 'time') return wallNs(how.epoch, value);
  if (!Number.isFinite(value)) return null;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? numberText(value) : value;
}

/** `71.99KB`, as sysdig writes it. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(2)}${units[unit]}`;
}
