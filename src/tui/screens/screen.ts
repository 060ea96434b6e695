/** A screen that is a table, as data: what it answers, where its rows come from, where keys lead. One line of index.ts each. */
import type { Capture } from '../../capture/capture.ts';
import type { CaptureContext } from '../../event/view.ts';
import type { Unit } from '../../report/report.ts';
import { type Clause, spanLiteral, timeLiteral } from '../data/clause.ts';

/** What a screen's numbers are; `heat`: a count, shown as a shade and digits beside the largest of all; `bar`: a part of a time, drawn. */
export type ScreenUnit = Unit | 'heat' | 'bar';

export interface ScreenColumn {
  readonly title: string;
  readonly unit: ScreenUnit;
  readonly align: 'left' | 'right';
  /** The field of the filter language that it shows; null: none. */
  readonly field: string | null;
  /** What its cells say; empty: the title says it. */
  readonly doc: string;
}

export type ScreenCell = string | number | null;

/** A line of a table: what it says, and where it leads. */
export interface ScreenRow {
  readonly cells: readonly ScreenCell[];
  /** Number of the event that shows it; null: none does alone. */
  readonly num: number | null;
  /** A filter, to be added to the screen's, for the events behind it; null: there is none. */
  readonly drill: string | null;
  /** The same for a cell alone, by column; absent: the row's. */
  readonly drills?: readonly (string | null)[];
  /** The stretch of time that it is of, ns since the capture's start, without its end; absent: it has none. */
  readonly times?: readonly [from: number, to: number];
  /** A filter for what others did meanwhile; absent: there is no such time. */
  readonly meanwhile?: string;
  /** Of a line that is one text: its end, which stays where there is no room for all of it. */
  readonly end?: string;
  /** The screen that it is a line of; absent: the spec's. */
  readonly to?: string;
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

export type StreamForm = 'text' | 'dotted' | 'hex';

/** What a screen is asked for; the answer to the same question is the same while the capture does not grow. */
export interface Question {
  readonly id: string;
  /** What the user keeps; empty: everything. */
  readonly filter: string;
  /** Number of the event that it is about; null: the capture as a whole. */
  readonly event: number | null;
  /** Which of several answers, from 0; absent: the first. */
  readonly nth?: number;
  /** How payloads are shown. */
  readonly form?: StreamForm;
  /** By which field events are grouped. */
  readonly field?: string;
}

export interface ScreenSource extends Question {
  readonly capture: Capture;
  readonly context: CaptureContext;
}

/** A key of one screen: what the selected row leads to. */
export interface ScreenKey {
  readonly keys: readonly string[];
  readonly help: string;
  readonly bar?: string;
  /**
   * `to`: a screen, with the row's filter; `meanwhile`: the events of others in its time; `next`, `before`: another answer;
   * `form`: payloads in another form; `save`: the screen's bytes into a file; `area`: the focused cell is a corner of an area.
   */
  readonly does: { readonly to: string } | 'meanwhile' | 'next' | 'before' | 'form' | 'save' | 'area';
}

export interface ScreenSpec {
  readonly id: string;
  readonly aliases: readonly string[];
  /** What it answers. */
  readonly sentence: string;
  /** What it adds to the user's filter, for the events behind a row; empty: nothing. */
  readonly filter: string;
  /** Where Enter leads: the events of a row, the one event that shows it, the screen that it names, or a screen about it. */
  readonly enter: 'events' | 'event' | 'screen' | 'answer' | { readonly to: string };
  readonly keys?: readonly ScreenKey[];
  /** A filter for the events of an area, between two rows and two columns, both included; absent: it has no areas. */
  readonly area?: (rows: readonly [ScreenRow, ScreenRow], columns: readonly [number, number]) => string;
  /** It is known without a look at events: read at once. */
  readonly instant?: true;
  readonly read: (source: ScreenSource) => ScreenTable;
}

/** The check that keeps rows with this cell; null: the column is no field of events, or the cell is empty. */
export function clauseOf({ field, unit }: ScreenColumn, cell: ScreenCell): Clause | null {
  if (cell === null || cell === '' || field === null) return null;
  if (unit === 'time') return { field: 'evt.reltime', operator: '>=', value: timeLiteral(Number(cell)) };
  if (unit === 'ns') return { field, operator: '>=', value: spanLiteral(Number(cell)) };
  return { field, operator: unit === 'bytes' ? '>=' : '=', value: String(cell) };
}

/** A column of a screen's own making. */
export function screenColumn(title: string, unit: ScreenUnit, field: string | null = null, doc = ''): ScreenColumn {
  return { title, unit, align: unit === 'text' || unit === 'prose' ? 'left' : 'right', field, doc };
}

export function sameQuestion(a: Question, b: Question): boolean {
  return a.id === b.id && a.filter === b.filter && a.event === b.event && a.nth === b.nth && a.form === b.form && a.field === b.field;
}
