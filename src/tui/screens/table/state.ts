/** A table on the screen: its rows in the order wanted, which of them is selected, what was looked for. Values, never changed. */
import type { Question, ScreenRow, ScreenTable } from '../screen.ts';

export interface Sort {
  /** Index of a column. */
  readonly column: number;
  readonly descending: boolean;
}

export interface TableState {
  readonly question: Question;
  /** Null: it is being read. */
  readonly table: ScreenTable | null;
  /** Why it could not be read; null: it could. */
  readonly problem: string | null;
  /** In the order shown. */
  readonly rows: readonly ScreenRow[];
  readonly sort: Sort | null;
  /** Index into `rows`. */
  readonly selected: number;
  /** The first row that is shown. */
  readonly top: number;
  /** Index of the focused column. */
  readonly column: number;
  /** The other corner of the area that the focused cell is a corner of; absent: there is no area. */
  readonly corner?: Cell | undefined;
}

/** Index into rows as they are shown, and of a column. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** What lies between its corners, both included; null: there is no area. */
export function areaOf({ corner, selected, column, rows }: TableState): { readonly rows: Stretch; readonly columns: Stretch } | null {
  if (corner === undefined || corner.row >= rows.length || rows.length === 0) return null;
  return { rows: stretch(corner.row, selected), columns: stretch(corner.column, column) };
}

type Stretch = readonly [first: number, last: number];
const stretch = (a: number, b: number): Stretch => [Math.min(a, b), Math.max(a, b)];
const isIn = (at: number, [first, last]: Stretch) => at >= first && at <= last;

/** Whether a cell lies in the area that is chosen; the first column stands for its whole row. */
export function isInArea(state: TableState, row: number, column: number): boolean {
  const area = areaOf(state);
  return area !== null && isIn(row, area.rows) && (area.columns[0] === 0 || isIn(column, area.columns));
}

export function emptyTable(question: Question): TableState {
  return { question, table: null, problem: null, rows: [], sort: null, selected: 0, top: 0, column: 0 };
}

/** The rows that were read, in the order and with the selection there was. */
export function withTable(state: TableState, table: ScreenTable): TableState {
  const before = state.rows[state.selected];
  const rows = sorted(table, state.sort);
  const again = before === undefined ? -1 : rows.findIndex((row) => sameRow(row, before));
  const wanted = again >= 0 ? again : before === undefined ? (table.first ?? 0) : state.selected;
  const selected = Math.max(0, Math.min(wanted, rows.length - 1));
  return { ...state, table, problem: null, rows, selected, column: Math.min(state.column, Math.max(0, table.columns.length - 1)) };
}

function sameRow(a: ScreenRow, b: ScreenRow): boolean {
  return a.num === b.num && a.cells.every((cell, c) => typeof cell === 'number' || cell === b.cells[c]);
}

/** By a column: numbers from the largest, texts from A; the same column again turns it round. */
export function sortedBy(state: TableState, column: number): TableState {
  if (state.table === null || state.table.columns[column] === undefined) return state;
  const text = state.table.columns[column].align === 'left';
  const descending = state.sort?.column === column ? !state.sort.descending : !text;
  const row = state.rows[state.selected];
  const sort = { column, descending };
  const rows = sorted(state.table, sort);
  return { ...state, sort, column, rows, corner: undefined, selected: Math.max(0, row === undefined ? 0 : rows.indexOf(row)) };
}

function sorted({ rows }: ScreenTable, sort: Sort | null): readonly ScreenRow[] {
  if (sort === null) return rows;
  const sign = sort.descending ? -1 : 1;
  return [...rows].sort((a, b) => sign * compare(a.cells[sort.column] ?? null, b.cells[sort.column] ?? null));
}

function compare(a: string | number | null, b: string | number | null): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return String(a) < String(b) ? -1 : Number(String(a) > String(b));
}

export function movedTo(state: TableState, selected: number): TableState {
  return { ...state, selected: Math.max(0, Math.min(state.rows.length - 1, selected)) };
}

/** The next row with a text in it, from the one after the selected on and around the end; null: none has it. */
export function foundIn(state: TableState, text: string, direction: 1 | -1): TableState | null {
  const { rows, selected } = state;
  const small = text.toLowerCase();
  for (let k = 1; k <= rows.length; k++) {
    const at = (selected + direction * k + rows.length * 2) % rows.length;
    if (rowMatches(rows[at]!, small)) return { ...state, selected: at };
  }
  return null;
}

/** How many rows have a text in them. */
export function matchesIn({ rows }: TableState, text: string): number {
  const small = text.toLowerCase();
  return rows.filter((row) => rowMatches(row, small)).length;
}

function rowMatches({ cells }: ScreenRow, small: string): boolean {
  return cells.some((cell) => cell !== null && String(cell).toLowerCase().includes(small));
}
