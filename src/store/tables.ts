/** How the rows of the model lie in SQLite: DDL, insert and select follow from the table of dimensions. */
import type { TableSpec } from '../model/dimensions.ts';

/** Column names are the fields', in snake case: what people type in SQL. */
export function columnName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Rows of a block, at most. */
export const BLOCK_ROWS = 16_384;
/** Column of a packed table that has its block; `id` is its first row's. */
export const BLOCK_COLUMN = 'block';
/** Its checksum, of id, n and block; captures of older versions have none. */
const SUM_COLUMN = 'sum';

/** `CREATE TABLE` of one table. Names are quoted: some are words of SQL. */
export function createTable({ name, columns, packed }: TableSpec<never>): string {
  if (packed)
    return `CREATE TABLE "${name}" (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, ${BLOCK_COLUMN} BLOB NOT NULL, ${SUM_COLUMN} INTEGER NOT NULL)`;
  const lines = columns.map(({ field, kind }) => {
    const type = kind === 'text' || kind === 'json' ? 'TEXT' : 'INTEGER';
    return `  "${columnName(field)}" ${type}${field === 'id' ? ' PRIMARY KEY' : ''}`;
  });
  return `CREATE TABLE "${name}" (\n${lines.join(',\n')}\n)`;
}

export function insertInto({ name, columns, packed }: TableSpec<never>): string {
  if (packed) return `INSERT INTO "${name}" VALUES (?, ?, ?, ?)`;
  const names = columns.map(({ field }) => `"${columnName(field)}"`).join(', ');
  return `INSERT OR REPLACE INTO "${name}" (${names}) VALUES (${columns.map(() => '?').join(', ')})`;
}

/** `present`: the columns that the table of this file has; an older Trowel wrote fewer, and those read as null. Empty: no such table. */
export function selectFrom({ name, columns }: TableSpec<never>, present: ReadonlySet<string>): string {
  if (present.size === 0) return 'SELECT NULL WHERE ? IS NULL';
  if (present.has(BLOCK_COLUMN)) {
    const sum = present.has(SUM_COLUMN) ? `, id, ${SUM_COLUMN}` : '';
    return `SELECT n, ${BLOCK_COLUMN}${sum} FROM "${name}" WHERE id > ? ORDER BY id`;
  }
  const names = columns.map(({ field }) => (present.has(columnName(field)) ? `"${columnName(field)}"` : 'NULL'));
  return `SELECT ${names.join(', ')} FROM "${name}" WHERE id > ? ORDER BY id`;
}

/** A row's values in the order of the columns, as SQLite takes them. `share`: the id of a text that many rows may have. */
export function encodeRow<Row>({ columns }: TableSpec<Row>, row: Row, share: (text: string) => number): (string | number | null)[] {
  return columns.map(({ field, kind }) => {
    const value = row[field] as unknown;
    if (value === null || value === undefined) return null;
    if (kind === 'json') return JSON.stringify(value);
    if (kind === 'shared') return share(JSON.stringify(value));
    if (kind === 'boolean') return value === true ? 1 : 0;
    return value as string | number;
  });
}

/** The inverse of encodeRow. `shared`: what the text of an id says. */
export function decodeRow<Row>({ name, columns }: TableSpec<Row>, values: readonly unknown[], shared: (id: number) => unknown): Row {
  const row: Record<string, unknown> = {};
  columns.forEach(({ field, kind }, i) => {
    const value = values[i];
    if (value === null || value === undefined) row[field] = null;
    else if (kind === 'shared' && typeof value === 'number') row[field] = shaped(field, shared(value));
    else if (kind === 'json' || kind === 'shared') row[field] = shaped(field, JSON.parse(String(value)));
    else if (kind === 'boolean') row[field] = value === 1;
    else if (typeof value !== (kind === 'text' ? 'string' : 'number')) throw new Error(`${field} holds ${typeof value}`);
    else row[field] = value;
    if (row[field] === null && ALWAYS.has(`${name}.${field}`)) throw new Error(`${field} holds nothing`);
  });
  return row as Row;
}

/** Fields of the first captures on that are never null. */
const ALWAYS: ReadonlySet<string> = new Set([
  ...['comm', 'exe', 'exepath', 'container', 'args', 'cgroups'].map((field) => `process.${field}`),
  ...['call', 'transport', 'side', 'server', 'qname', 'answers', 'flags'].map((field) => `dns.${field}`),
  ...['thread.comm', 'fd.kind', 'fd.name', 'resolver.text', 'event_type.name', 'event_type.args'],
]);

/** Fields that are objects; all others of JSON are lists. */
const OBJECTS: ReadonlySet<string> = new Set(['labels', 'annotations', 'selector', 'status', 'value']);

/** SQLite keeps anything in any column, and a file may come from anywhere. Throws for what is not of the field's shape. */
function shaped(field: string, value: unknown): unknown {
  if (value === null) return null;
  const fits = OBJECTS.has(field) ? typeof value === 'object' && !Array.isArray(value) : Array.isArray(value) && !value.includes(null);
  if (!fits) throw new Error(`${field} holds ${JSON.stringify(value).slice(0, 40)}`);
  return value;
}
