/** Which columns of a table are on the screen, and how wide each is. */
import { cut, cutMiddle, widthOf } from '../../kit/text.ts';
import type { ScreenRow } from '../screen.ts';
import { cellText } from './cell.ts';
import type { TableState } from './state.ts';

/** A text column keeps so much, also where there is no room; one of sentences more. */
const LEAST_TEXT = 8;
const LEAST_PROSE = 16;
/** Rows whose widths are looked at: those that may be seen soon. */
const MEASURED = 200;

export interface Layout {
  /** Indices of the columns that there is room for. */
  readonly shown: readonly number[];
  /** By place among those that are shown. */
  readonly widths: readonly number[];
  /** The same: its texts begin alike, so that they are cut in their middle. */
  readonly middles: readonly boolean[];
  /** Something is not whole. */
  readonly isCut: boolean;
}

interface Measured {
  /** By column: what the rows say that may be seen soon. */
  readonly texts: readonly (readonly string[])[];
  /** Cells that it would take. */
  readonly wanted: readonly number[];
}

/** Layouts as they were last worked out: a key moves the selection, and rarely a column. */
const known = new WeakMap<readonly ScreenRow[], { readonly key: string; readonly layout: Layout }>();

/** `width`: cells of a row. */
export function layoutOf(state: TableState, width: number): Layout {
  const { table, rows, top, sort, column } = state;
  const from = Math.floor(top / MEASURED) * MEASURED; // not from the first row shown: columns that move with every key are hard to read
  const key = [width, from, sort?.column, column, table?.columns.length].join();
  const before = known.get(rows);
  if (before?.key === key) return before.layout;
  const layout = laidOut(state, measured(state, from), width);
  known.set(rows, { key, layout });
  return layout;
}

function measured({ table, rows }: TableState, from: number): Measured {
  const columns = table?.columns ?? [];
  const seen = rows.slice(from, from + 2 * MEASURED);
  const texts = columns.map((column, c) => seen.map(({ cells }) => cellText(column, cells[c] ?? null)));
  const wanted = columns.map((column, c) => Math.max(widthOf(column.title) + 1, ...texts[c]!.map(widthOf)));
  return { texts, wanted };
}

/** Every column as wide as what it says, the widest texts less so where there is no room; the last text takes what is left. */
function laidOut(state: TableState, { texts, wanted }: Measured, width: number): Layout {
  const columns = state.table?.columns ?? [];
  const isText = (c: number) => columns[c]!.align === 'left';
  const shown = fitting(state, { texts, wanted }, width);
  const widths = shown.map((c) => wanted[c]!);
  let over = widths.reduce((sum, one) => sum + one, shown.length - 1) - width;
  for (; over > 0; over--) {
    const widest = widths.reduce((best, one, k) => (isText(shown[k]!) && one > (widths[best] ?? LEAST_TEXT) ? k : best), -1);
    if (widest < 0) break;
    widths[widest]! -= 1;
  }
  const last = shown.findLastIndex(isText);
  if (over < 0 && last >= 0) widths[last]! -= over;
  return {
    shown,
    widths,
    middles: shown.map((c, k) => columns[c]!.unit === 'text' && beginAlike(texts[c]!, widths[k]!)),
    isCut: wanted.reduce((sum, one) => sum + one, columns.length - 1) > width,
  };
}

/** Columns are left out where there is no room: empty ones at once; where texts would say nothing any more, numbers from the right, then names. */
function fitting({ table, sort, column }: TableState, { texts, wanted }: Measured, width: number): readonly number[] {
  const columns = table?.columns ?? [];
  const shown = columns.map((_, c) => c);
  const least = (c: number) =>
    columns[c]!.align === 'right' ? wanted[c]! : Math.min(wanted[c]!, columns[c]!.unit === 'prose' ? LEAST_PROSE : LEAST_TEXT);
  const firstText = columns.findIndex(({ align }) => align === 'left');
  const mayGo = (c: number) => c > 0 && c !== firstText && c !== column && c !== sort?.column && columns[c]!.unit !== 'prose';
  const isEmpty = (c: number) => texts[c]!.every((text) => text === '');
  const leaveOut = (cells: (c: number) => number, next: () => number | undefined) => {
    while (shown.reduce((sum, c) => sum + cells(c), shown.length - 1) > width) {
      const going = next();
      if (going === undefined) return;
      shown.splice(shown.indexOf(going), 1);
    }
  };
  leaveOut(
    (c) => wanted[c]!,
    () => shown.findLast((c) => mayGo(c) && isEmpty(c)),
  );
  leaveOut(least, () => shown.findLast((c) => mayGo(c) && columns[c]!.align === 'right') ?? shown.findLast(mayGo));
  return shown;
}

/** More of the texts are told apart by their ends than by their beginnings: names of pods, of DNS, paths. */
function beginAlike(texts: readonly string[], width: number): boolean {
  const different = [...new Set(texts)];
  const toldApart = (by: typeof cut) => new Set(different.map((text) => by(text, width))).size;
  return different.some((text) => widthOf(text) > width) && toldApart(cutMiddle) > toldApart(cut);
}
