/** A screen that is a table: what it answers, its titles, its rows. */
import { areasOf } from '../../frame/areas.ts';
import type { Paint } from '../../kit/paint.ts';
import { cut, cutMiddle, fitted, harmless, widthOf, wrap } from '../../kit/text.ts';
import { contextOf, type State } from '../../state.ts';
import { type ColourRule, colouringOf, gutter } from '../colouring.ts';
import { highlighted } from '../events/list-view.ts';
import { screenNamed } from '../index.ts';
import type { ScreenRow, ScreenUnit } from '../screen.ts';
import { cellText } from './cell.ts';
import { type Layout, layoutOf } from './layout.ts';
import { isInArea, type TableState } from './state.ts';

/** Of the lines there are, so many may stand above the rows. */
const HEAD_SHARE = 0.4;

/** Lines of rows that are seen at once. */
export function tableHeight(state: State, shown: TableState): number {
  const { height, width } = areasOf(state).list;
  return Math.max(1, height - headLines(shown, width, height).length - noteHeight(shown, width, height));
}

/** Lines that the selected row's cut cells may take below the rows. */
const NOTE_LINES = 3;
/** Fewer lines than this are for rows alone. */
const NOTE_FROM = 12;

/** 0: every cell that may be seen soon is whole. */
function noteHeight(shown: TableState, width: number, height: number): number {
  if (height < NOTE_FROM || shown.table === null) return 0;
  return layoutOf(shown, width - 1).isCut ? NOTE_LINES + 1 : 0;
}

/** What of the selected row was cut, whole, and what there was no room for. */
function noteLines({ table, rows, selected }: TableState, { shown, widths }: Layout, width: number): string[] {
  const columns = table?.columns ?? [];
  const texts = columns.map((column, c) => cellText(column, rows[selected]?.cells[c] ?? null).trim());
  const isWhole = (c: number) => shown.includes(c) && widthOf(texts[c]!) <= widths[shown.indexOf(c)]!;
  const missing = columns.flatMap(({ title }, c) => (texts[c] === '' || isWhole(c) ? [] : [{ title, text: texts[c]! }]));
  const whole =
    missing.length === 1 ? [missing[0]!.text.replace(/ {3,}/g, '  ')] : [missing.map(({ title, text }) => `${title} ${text}`).join('  ')];
  return ['', ...whole.flatMap((text) => wrap(text, width - 2)).map((line) => ` ${line}`)].slice(0, NOTE_LINES + 1);
}

/** One line more than the list has: titles and all that stands above them included. */
export function tableLines(state: State, shown: TableState, paint: Paint): string[] {
  const { height, width } = areasOf(state).list;
  const head = headLines(shown, width, height);
  const lines = head.map((line, i) => (i === 0 ? paint('title', fitted(line, width)) : fitted(line, width)));
  const rows = tableHeight(state, shown);
  if (shown.table === null) return filled([...lines, '', paint('dim', `  ${waitingText(shown)}`)], height + 1);
  const layout = layoutOf(shown, width - 1);
  lines.push(shown.table.columns.length > 1 ? titleLine(shown, layout, paint) : '');
  for (let i = shown.top; i < Math.min(shown.rows.length, shown.top + rows); i++) lines.push(rowLine(state, shown, layout, i, paint));
  if (shown.rows.length === 0) lines.push(paint('dim', cut(`  ${emptyText(shown)}`, width)));
  if (layout.isCut && noteHeight(shown, width, height) > 0) {
    const full = filled(lines, height + 1 - NOTE_LINES - 1);
    return filled([...full, ...noteLines(shown, layout, width).map((line) => paint('dim', line))], height + 1);
  }
  return filled(lines, height + 1);
}

function filled(lines: readonly string[], height: number): string[] {
  return [...lines, ...Array.from({ length: Math.max(0, height - lines.length) }, () => '')].slice(0, height);
}

/** What is not there, and where to look. */
function emptyText({ question, table }: TableState): string {
  if (question.filter !== '') return 'no rows with this filter: Esc goes back to the one before';
  const kube = table!.columns.some(({ field }) => field?.startsWith('k8s.'));
  return kube
    ? 'no rows: nothing of that is here, or it has no names of pods and services; :containers shows what ran'
    : 'no rows: this capture has nothing of that';
}

function waitingText({ problem }: TableState): string {
  return problem === null ? 'working … Esc stops' : harmless(problem);
}

function headLines({ question, table }: TableState, width: number, height: number): string[] {
  const sentence = screenNamed(question.id)?.sentence ?? '';
  const about = question.event === null ? '' : `, around event ${question.event}`;
  const lines = [` ${question.id}: ${sentence}${about}`, ...(table?.head ?? []).map((line) => ` ${harmless(line)}`)];
  const wrapped = lines.flatMap((line) => wrap(line, width - 1).map((part, i) => (i === 0 ? part : ` ${part}`)));
  return wrapped.slice(0, Math.max(1, Math.floor(height * HEAD_SHARE)));
}

function titleLine({ table, sort, column }: TableState, { shown, widths }: Layout, paint: Paint): string {
  const titles = shown.map((c, k) => {
    const { title, unit, align } = table!.columns[c]!;
    const mark = sort?.column === c ? (sort.descending ? '▼' : '▲') : '';
    const text = fitted(`${mark}${heading(title, unit)}`, widths[k]!, align);
    return c === column ? paint('underline', text) : text;
  });
  return paint('title', ` ${titles.join(' ')}`);
}

/** Spans are their own headings: µ has no capital. */
function heading(title: string, unit: ScreenUnit): string {
  return unit === 'heat' ? title : title.toUpperCase();
}

function rowLine(state: State, shown: TableState, layout: Layout, i: number, paint: Paint): string {
  const row = shown.rows[i]!;
  const texts = textsOf(shown, row, layout);
  if (i !== shown.selected) return areaLine(shown, layout, i, texts, paint) ?? plainLine(state, shown, row, texts, paint);
  const focused = contextOf(state) === 'table' ? layout.shown.indexOf(shown.column) : -1;
  const before = ['▸', ...texts.slice(0, Math.max(0, focused)).map((text) => `${text} `)].join('');
  if (focused < 0 || texts.length === 1) return paint('inverse', `▸${texts.join(' ')}`);
  const after = texts.slice(focused + 1).map((text) => ` ${text}`);
  return paint('inverse', before) + paint('title', paint('underline', texts[focused] ?? '')) + paint('inverse', after.join(''));
}

/** A row that has cells of the chosen area; null: it has none. */
function areaLine(shown: TableState, layout: Layout, i: number, texts: readonly string[], paint: Paint): string | null {
  const chosen = layout.shown.map((column) => isInArea(shown, i, column));
  if (!chosen.includes(true)) return null;
  return ` ${texts.map((text, k) => (chosen[k] ? paint('inverse', text) : text)).join(' ')}`;
}

function plainLine({ colours, find }: State, { table }: TableState, { cells }: ScreenRow, texts: readonly string[], paint: Paint): string {
  const has = ({ field, value }: ColourRule) =>
    table!.columns.some((column, c) => column.field === field && String(cells[c] ?? '') === value);
  const colouring = colouringOf(colours, has);
  const styled = (part: string) => (colouring === null ? part : paint(colouring.style, part));
  return gutter(colouring, paint) + highlighted(texts.join(' '), find, paint, styled);
}

function textsOf({ table, rows }: TableState, row: ScreenRow, { shown, widths, middles }: Layout): string[] {
  return shown.map((c, k) => {
    const column = table!.columns[c]!;
    const text = cellText(column, row.cells[c] ?? null);
    const width = widths[k]!;
    if (row.end !== undefined && widthOf(text) > width) return endKept(text, row.end, rows, width);
    return fitted(middles[k] ? cutMiddle(text, width) : cut(text, width), width, column.align);
  });
}

/** A line that is too long: its end stands below the others'. */
function endKept(text: string, end: string, rows: readonly ScreenRow[], width: number): string {
  const room = width - Math.max(...rows.map((row) => widthOf(row.end ?? ''))) - 2;
  if (room < end.length) return fitted(cut(text, width), width);
  return fitted(`${fitted(cut(text.slice(0, -end.length).trimEnd(), room), room)}  ${end}`, width);
}
