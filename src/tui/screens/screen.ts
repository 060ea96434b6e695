/** A screen that is a table, as data: what it answers, where its rows come from, where Enter leads. One line of index.ts each. */
import type { Capture } from '../../capture/capture.ts';
import type { CaptureContext } from '../../event/view.ts';
import type { Unit } from '../../report/report.ts';
import type { Clause } from '../data/clause.ts';

export interface ScreenColumn {
  readonly title: string;
  readonly unit: Unit;
  readonly align: 'left' | 'right';
  /** The field of the filter language that it shows; null: none. */
  readonly field: string | null;
}

/** A line of a table: what it says, and where it leads. */
export interface ScreenRow {
  readonly cells: readonly (string | number | null)[];
  /** Number of the event that shows it; null: none does alone. */
  readonly num: number | null;
  /** A filter, to be added to the screen's, for the events behind it; null: there is none. */
  readonly drill: string | null;
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
  readonly context: CaptureContext;
  /** What the user keeps; empty: everything. */
  readonly filter: string;
  /** Number of the event that it is about; null: the capture as a whole. */
  readonly event: number | null;
}

export interface ScreenSpec {
  readonly id: string;
  readonly aliases: readonly string[];
  /** What it answers. */
  readonly sentence: string;
  /** What it adds to the user's filter, for the events behind a row; empty: nothing. */
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

/** The check that keeps rows with this cell; null: the column is no field of events, or the cell is empty. */
export function clauseOf({ field, unit }: ScreenColumn, cell: string | number | null): Clause | null {
  if (cell === null || cell === '' || field === null) return null;
  return { field, operator: unit === 'ns' || unit === 'bytes' || unit === 'time' ? '>=' : '=', value: String(cell) };
}

/** A column of a screen's own making. */
export function screenColumn(title: string, unit: Unit, field: string | null = null): ScreenColumn {
  return { title, unit, align: unit === 'text' || unit === 'prose' ? 'left' : 'right', field };
}

export function sameQuestion(a: Question, b: Question): boolean {
  return a.id === b.id && a.filter === b.filter && a.event === b.event;
}
