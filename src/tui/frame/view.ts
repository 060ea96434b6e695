/** The whole screen: a state → exactly as many lines as the terminal has, each as wide or narrower, and where the cursor stands. */

import type { Paint } from '../kit/paint.ts';
import { cut } from '../kit/text.ts';
import { detailPane } from '../screens/events/detail-view.ts';
import { listLines } from '../screens/events/list-view.ts';
import { tableLines } from '../screens/table/view.ts';
import type { Page, State } from '../state.ts';
import { areasOf, pageHeight, SMALLEST } from './areas.ts';
import { bottomLine } from './bottom.ts';
import { filterLine, filterPanel } from './filter.ts';
import { headerLine } from './header.ts';
import { helpLines } from './help.ts';
import { timelineLine } from './timeline.ts';
import type { Drawn } from './typing.ts';

export interface Frame {
  readonly lines: readonly string[];
  /** Column and line of the terminal's cursor; null: it is hidden. */
  readonly cursor: { readonly x: number; readonly y: number } | null;
}

export function view(state: State, paint: Paint): Frame {
  const { size } = state;
  if (size.columns < SMALLEST.columns || size.rows < SMALLEST.rows) return tooSmall(state);
  return state.page === null ? explorer(state, paint) : covered(state, state.page, paint);
}

function explorer(state: State, paint: Paint): Frame {
  const filter = filterLine(state, paint);
  const bottom = bottomLine(state, paint);
  const lines = [
    headerLine(state, paint),
    filter.text,
    ...filterPanel(state, paint),
    ...body(state, paint),
    ...timelineLine(state, paint),
    bottom.text,
  ];
  return { lines, cursor: cursorAt(filter, 1) ?? cursorAt(bottom, lines.length - 1) };
}

/** A table; or the list of events, and the detail under it or beside it. */
function body(state: State, paint: Paint): string[] {
  if (state.table !== null) return tableLines(state, state.table, paint);
  const { detail } = areasOf(state);
  const list = listLines(state, paint);
  const pane = detailPane(state, paint);
  if (detail === null) return list;
  return detail.beside ? list.map((line, i) => `${line}${paint('dim', '│')} ${pane[i] ?? ''}`) : [...list, ...pane];
}

function covered(state: State, page: Page, paint: Paint): Frame {
  const height = pageHeight(state.size);
  const shown = helpLines(paint, state.size.columns, state.table).slice(page.top, page.top + height);
  const blank = Array.from({ length: height - shown.length }, () => '');
  return { lines: [headerLine(state, paint), ...shown, ...blank, bottomLine(state, paint).text], cursor: null };
}

function tooSmall({ size: { columns, rows } }: State): Frame {
  const text = [`trowel needs ${SMALLEST.columns}×${SMALLEST.rows}`, `this is ${columns}×${rows}`, 'q quits'].map((line) =>
    cut(line, columns),
  );
  return { lines: Array.from({ length: rows }, (_, i) => text[i] ?? ''), cursor: null };
}

function cursorAt({ cursor }: Drawn, y: number): Frame['cursor'] {
  return cursor === null ? null : { x: cursor, y };
}
