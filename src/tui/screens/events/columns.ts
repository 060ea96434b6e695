/** The columns of the list. A new column is a new entry. */
import { clockText, MS, SECOND, secondsText, spanText } from '../../../model/time.ts';
import { type Clause, spanLiteral, timeLiteral } from '../../data/clause.ts';
import type { Style } from '../../kit/paint.ts';
import { cut, cutMiddle, fitted, head, tail, widthOf } from '../../kit/text.ts';
import type { ListedRow } from './rows.ts';

/** abs: time of day; rel: since the capture's start; delta: since the row before. */
export const TIME_MODES = ['rel', 'abs', 'delta'] as const;
export type TimeMode = (typeof TIME_MODES)[number];

/** What the columns' widths and texts depend on. */
export interface ListLook {
  /** Cells of the whole list. */
  readonly width: number;
  readonly timeMode: TimeMode;
  /** ns since 1970 of time zero. */
  readonly epoch: bigint;
  /** ns: the latest time that will be shown. */
  readonly end: number;
  /** Some process ran in a container. */
  readonly places: boolean;
  /** ns: the time from which times count; null: the capture's start. */
  readonly reference: number | null;
}

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** 0: not shown; null: what the others leave. */
  width(look: ListLook): number | null;
  text(row: ListedRow, look: ListLook, width: number): string;
  /** How a cell stands out, in rows that are not selected. */
  style?(row: ListedRow): Style | null;
  /** The check that keeps rows like this one; a text says why there is none. */
  clause(row: ListedRow): Clause | string;
}

/** A latency that people should notice. */
const SLOW_NS = 100 * MS;

const TIME: Column = {
  title: 'TIME',
  width: (look) => timeWidth(look),
  text: timeText,
  style: () => 'dim',
  clause: ({ time }) => ({ field: 'evt.reltime', operator: '>=', value: timeLiteral(time) }),
};

const SINCE: Column = {
  title: 'Δ',
  align: 'right',
  width: ({ width, timeMode }) => (timeMode === 'delta' || width < 96 ? 0 : 8),
  text: ({ since }) => (since === null ? '' : spanText(since)),
  clause: () => 'Δ depends on the filter itself: use [ and ] to go from gap to gap',
};

const PLACE: Column = {
  title: 'CONTAINER',
  width: ({ width, places }) => (!places || width < 90 ? 0 : width < 110 ? 9 : width < 170 ? 12 : 24),
  text: ({ place }, _look, width) =>
    place === null ? '' : /^[0-9a-f]{12}$/.test(place.text) ? place.text.slice(0, width) : cutMiddle(place.text, width),
  clause: ({ place }) => equal(place, 'this process runs in no container'),
};

const PROCESS: Column = {
  title: 'PROCESS',
  width: ({ width }) => (width < 100 ? 10 : 15),
  text: ({ process }) => process?.text ?? '',
  style: () => 'name',
  clause: ({ process }) => equal(process, 'the process of this event is not known'),
};

const PID: Column = {
  title: 'PID',
  align: 'right',
  width: ({ width, places }) => (width < 72 || (places && width >= 90 && width < 125) ? 0 : 7),
  text: ({ pid }) => pid?.text ?? '',
  clause: ({ pid }) => equal(pid, 'the process of this event is not known'),
};

const EVENT: Column = {
  title: 'EVENT',
  width: ({ width }) => (width < 60 ? 8 : width < 100 ? 10 : 14),
  text: ({ type }) => type.text,
  clause: ({ type }) => equal(type, ''),
};

const LATENCY: Column = {
  title: 'LATENCY',
  align: 'right',
  width: ({ width }) => (width < 60 ? 0 : 8),
  text: ({ latency }) => (latency === null ? '' : spanText(latency)),
  style: ({ latency }) => ((latency ?? 0) >= SLOW_NS ? 'warn' : null),
  clause: ({ latency }) =>
    latency === null ? 'the latency of this event was not measured' : { field: 'evt.latency', operator: '>=', value: spanLiteral(latency) },
};

const SUMMARY: Column = {
  title: 'WHAT',
  width: () => null,
  text: ({ summary: { before, name, after, nameShare } }, _look, width) => {
    const room = width - widthOf(before);
    const share = isDns(before) ? DNS_SHARE : nameShare;
    const space = Math.max(room - widthOf(after), Math.floor(room * share));
    return cut(before + (isDns(before) ? cutName(name, space) : cutMiddle(name, space)) + after, width);
  },
  style: ({ failed }) => (failed ? 'bad' : null),
  clause: ({ target }) => (target === null ? 'this event has no descriptor and no DNS message' : { ...target, operator: '=' }),
};

/** What a lookup took stands in its own column: a name may claim more. */
const DNS_SHARE = 0.75;
/** Characters by which a name's first label is known. */
const LABEL_SHOWN = 7;
const isDns = (before: string) => before.includes('DNS ');

/** A DNS name in few cells: its suffix says which search domain was tried. */
function cutName(name: string, width: number): string {
  if (widthOf(name) <= width) return name;
  const first = Math.min(LABEL_SHOWN, Math.floor(width / 4));
  return `${head(name, first)}…${tail(name, Math.max(0, width - first - 1))}`;
}

export const COLUMNS: readonly Column[] = [TIME, SINCE, PLACE, PROCESS, PID, EVENT, LATENCY, SUMMARY];

/** A column with its place and width on the screen. */
export interface PlacedColumn {
  readonly column: Column;
  readonly width: number;
}

/** The columns that are shown, with one blank between. */
export function placedColumns(look: ListLook): readonly PlacedColumn[] {
  const shown = COLUMNS.map((column) => ({ column, width: column.width(look) })).filter(({ width }) => width !== 0);
  const taken = shown.reduce((sum, { width }) => sum + (width ?? 0), shown.length - 1);
  return shown.map(({ column, width }) => ({ column, width: width ?? Math.max(0, look.width - taken) }));
}

/** Index of the column with a title, or of the nearest before it that is shown. */
export function focusedIndex(shown: readonly PlacedColumn[], title: string): number {
  const wanted = COLUMNS.findIndex((column) => column.title === title);
  return Math.max(
    0,
    shown.findLastIndex(({ column }) => COLUMNS.indexOf(column) <= wanted),
  );
}

/** One cell, exactly as wide as its column. */
export function cellText({ column, width }: PlacedColumn, row: ListedRow, look: ListLook): string {
  return fitted(column.text(row, look, width), width, column.align);
}

export function titleText({ column, width }: PlacedColumn, look: ListLook): string {
  return fitted(
    column === TIME ? `TIME ${look.reference === null || look.timeMode !== 'rel' ? look.timeMode : '- T'}` : column.title,
    width,
    column.align,
  );
}

function equal(cell: { readonly field: string; readonly value: string } | null, missing: string): Clause | string {
  return cell === null ? missing : { field: cell.field, operator: '=', value: cell.value };
}

/** Nanoseconds where there is room for them, else microseconds. */
function timeDigits({ width }: ListLook): number {
  return width < 60 ? 3 : width < 130 ? 6 : 9;
}

function timeWidth(look: ListLook): number {
  const seconds = look.timeMode === 'abs' ? 8 : 1 + String(Math.floor(look.end / SECOND)).length;
  return Math.max(seconds + 1 + timeDigits(look), 'TIME delta'.length);
}

function timeText(row: ListedRow, look: ListLook): string {
  const digits = timeDigits(look);
  if (look.timeMode === 'abs') return clockText(look.epoch, row.time).slice(0, 9 + digits);
  const ns = look.timeMode === 'rel' ? row.time - (look.reference ?? 0) : (row.since ?? 0);
  return `${ns < 0 ? '-' : '+'}${secondsText(Math.abs(ns)).slice(0, digits - 9 || undefined)}`;
}
