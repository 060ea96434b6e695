/** A screen that is a table, as data: what it answers, where its rows come from, where Enter leads. One line of index.ts each. */
import type { Capture } from '../../capture/capture.ts';
import type { CompiledFilter } from '../../filter/compile.ts';
import type { Unit } from '../../lens/lens.ts';
import type { Clause } from '../data/clause.ts';

export interface ScreenColumn {
  readonly name: string;
  readonly unit: Unit;
  /** Its cells say what a row is about: Enter keeps what has the same. */
  readonly key: boolean;
}

/** A line of a table: what it says, and where it leads. */
export interface ScreenRow {
  readonly cells: readonly (string | number | null)[];
  /** Number of the event that shows it; null: none does alone. */
  readonly num: number | null;
}

/** Plain data: it is made where the capture is read, and shown elsewhere. */
export interface ScreenTable {
  /** Lines above the rows, in words. */
  readonly head: readonly string[];
  readonly columns: readonly ScreenColumn[];
  readonly rows: readonly ScreenRow[];
  /** The row that matters most; absent: the first. */
  readonly first?: number;
}

export interface ScreenSource {
  readonly capture: Capture;
  readonly filter: CompiledFilter;
  /** Number of the event that it is about; null: the capture as a whole. */
  readonly event: number | null;
}

export interface ScreenSpec {
  readonly id: string;
  readonly aliases: readonly string[];
  /** What it answers. */
  readonly sentence: string;
  /** The filter that it adds to the user's; empty: none. */
  readonly filter: string;
  /** Where Enter leads: the events of a row, the one event that shows it, or the screen that it names. */
  readonly enter: 'events' | 'event' | 'screen';
  /** It is known without a look at events: read at once. */
  readonly instant?: true;
  readonly read: (source: ScreenSource) => ScreenTable;
}

/** What a screen is asked for; the answer to the same question is the same while the capture does not grow. */
export interface Question {
  readonly id: string;
  readonly filter: string;
  readonly event: number | null;
}

/** Clauses that keep what a row is about, of the fields among its key columns. */
export function clausesOf({ columns }: ScreenTable, row: ScreenRow): readonly Clause[] {
  return columns.flatMap((column, c) => (column.key ? (clauseOf(column, row.cells[c] ?? null) ?? []) : []));
}

/** The check that keeps rows with this cell; null: the column is no field of events, or the cell is empty. */
export function clauseOf({ name, unit }: ScreenColumn, cell: string | number | null): Clause | null {
  if (cell === null || cell === '' || !name.includes('.')) return null;
  return { field: name, operator: unit === 'ns' || unit === 'bytes' ? '>=' : '=', value: String(cell) };
}

export function sameQuestion(a: Question, b: Question): boolean {
  return a.id === b.id && a.filter === b.filter && a.event === b.event;
}
