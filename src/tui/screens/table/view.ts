/** A screen that is a table: what it answers, its titles, its rows. */
import { secondsText, spanText } from '../../../model/time.ts';
import { sizeText } from '../../../output/cell.ts';
import { areasOf } from '../../frame/areas.ts';
import type { Paint } from '../../kit/paint.ts';
import { countText, cut, cutMiddle, fitted, harmless, widthOf, wrap } from '../../kit/text.ts';
import { contextOf, type State } from '../../state.ts';
import { type ColourRule, colouringOf, gutter } from '../colouring.ts';
import { highlighted } from '../events/list-view.ts';
import { screenNamed } from '../index.ts';
import type { ScreenColumn, ScreenRow, ScreenUnit } from '../screen.ts';
import type { TableState } from './state.ts';

/** A text column keeps so much, also where there is no room. */
const LEAST_TEXT = 8;
/** Rows whose widths are looked at: those that may be seen soon. */
const MEASURED = 200;
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
  return columnWidths(shown, width - 1).isCut ? NOTE_LINES + 1 : 0;
}

/** What of the selected row was cut, whole. */
function noteLines(shown: TableState, widths: readonly number[], width: number): string[] {
  const row = shown.rows[shown.selected];
  const texts = (shown.table?.columns ?? []).map((column, c) => cellText(column, row?.cells[c] ?? null));
  const whole = texts.filter((text, c) => widthOf(text) > widths[c]!).map((text) => text.trim());
  return ['', ...whole.flatMap((text) => wrap(text, width - 2)).map((line) => ` ${line}`)].slice(0, NOTE_LINES + 1);
}

/** One line more than the list has: titles and all that stands above them included. */
export function tableLines(state: State, shown: TableState, paint: Paint): string[] {
  const { height, width } = areasOf(state).list;
  const head = headLines(shown, width, height);
  const lines = [...head.map((line, i) => paint(i === 0 ? 'title' : 'dim', fitted(line, width)))];
  const rows = tableHeight(state, shown);
  if (shown.table === null) return filled([...lines, '', paint('dim', `  ${waitingText(shown)}`)], height + 1);
  const layout = columnWidths(shown, width - 1);
  const { widths, isCut } = layout;
  lines.push(shown.table.columns.length > 1 ? titleLine(shown, widths, paint) : '');
  for (let i = shown.top; i < Math.min(shown.rows.length, shown.top + rows); i++) lines.push(rowLine(state, shown, layout, i, paint));
  if (shown.rows.length === 0) lines.push(paint('dim', cut(`  ${emptyText(shown)}`, width)));
  if (isCut && noteHeight(shown, width, height) > 0) {
    const full = filled(lines, height + 1 - NOTE_LINES - 1);
    return filled([...full, ...noteLines(shown, widths, width).map((line) => paint('dim', line))], height + 1);
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
    ? 'no rows: this capture has no names of pods or services; :containers shows what ran in it'
    : 'no rows: this capture has nothing of that';
}

function waitingText({ problem }: TableState): string {
  return problem === null ? 'working … Esc stops' : harmless(problem);
}

function headLines({ question, table }: TableState, width: number, height: number): string[] {
  const sentence = screenNamed(question.id)?.sentence ?? '';
  const about = question.event === null ? '' : `, around event ${question.event}`;
  const lines = [` ${question.id}: ${sentence}${about}`, ...(table?.head ?? []).map((line) => ` ${harmless(line)}`)];
  return lines.flatMap((line) => wrap(line, width)).slice(0, Math.max(1, Math.floor(height * HEAD_SHARE)));
}

/** The columns on the screen. */
interface Layout {
  readonly widths: readonly number[];
  /** By column: its texts begin alike, so that they are cut in their middle. */
  readonly middles: readonly boolean[];
  readonly isCut: boolean;
}

/** Every column as wide as what it says, the widest texts less so where there is no room; the last text takes what is left. */
function columnWidths({ table, rows, top }: TableState, width: number): Layout {
  const columns = table?.columns ?? [];
  const from = Math.floor(top / MEASURED) * MEASURED; // not from the first row shown: columns that move with every key are hard to read
  const seen = rows.slice(from, from + 2 * MEASURED);
  const texts = columns.map((column, c) => seen.map(({ cells }) => cellText(column, cells[c] ?? null)));
  const wanted = columns.map((column, c) => Math.max(widthOf(column.title) + 1, ...texts[c]!.map(widthOf)));
  const isText = (c: number) => columns[c]!.align === 'left';
  const whole = wanted.reduce((sum, one) => sum + one, columns.length - 1);
  let over = whole - width;
  for (; over > 0; over--) {
    const widest = wanted.reduce((best, one, c) => (isText(c) && one > (wanted[best] ?? LEAST_TEXT) ? c : best), -1);
    if (widest < 0) break;
    wanted[widest]! -= 1;
  }
  const last = columns.findLastIndex(({ align }) => align === 'left');
  if (over < 0 && last >= 0) wanted[last]! -= over;
  return {
    widths: wanted,
    middles: texts.map((column, c) => columns[c]!.unit === 'text' && beginAlike(column, wanted[c]!)),
    isCut: whole > width,
  };
}

/** More of the texts are told apart by their ends than by their beginnings: names of pods, of DNS, paths. */
function beginAlike(texts: readonly string[], width: number): boolean {
  const different = [...new Set(texts)];
  const toldApart = (by: typeof cut) => new Set(different.map((text) => by(text, width))).size;
  return different.some((text) => widthOf(text) > width) && toldApart(cutMiddle) > toldApart(cut);
}

function titleLine({ table, sort, column }: TableState, widths: readonly number[], paint: Paint): string {
  const titles = table!.columns.map(({ title, unit, align }, c) => {
    const mark = sort?.column === c ? (sort.descending ? '▼' : '▲') : '';
    const text = fitted(`${mark}${heading(title, unit)}`, widths[c]!, align);
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
  if (i !== shown.selected) return plainLine(state, shown, row, texts, paint);
  const focused = contextOf(state) === 'table' ? shown.column : -1;
  const before = ['▸', ...texts.slice(0, Math.max(0, focused)).map((text) => `${text} `)].join('');
  if (focused < 0) return paint('inverse', `▸${texts.join(' ')}`);
  const after = texts.slice(focused + 1).map((text) => ` ${text}`);
  return paint('inverse', before) + paint('title', paint('underline', texts[focused] ?? '')) + paint('inverse', after.join(''));
}

function plainLine({ colours, find }: State, { table }: TableState, { cells }: ScreenRow, texts: readonly string[], paint: Paint): string {
  const has = ({ field, value }: ColourRule) =>
    table!.columns.some((column, c) => column.field === field && String(cells[c] ?? '') === value);
  const colouring = colouringOf(colours, has);
  const styled = (part: string) => (colouring === null ? part : paint(colouring.style, part));
  return gutter(colouring, paint) + highlighted(texts.join(' '), find, paint, styled);
}

function textsOf({ table }: TableState, { cells }: ScreenRow, { widths, middles }: Layout): string[] {
  return table!.columns.map((column, c) => {
    const text = cellText(column, cells[c] ?? null);
    const width = widths[c]!;
    return fitted(middles[c] ? cutMiddle(text, width) : cut(text, width), width, column.align);
  });
}

/** As people read it. */
export function cellText({ unit }: ScreenColumn, cell: string | number | null): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return harmless(cell);
  if (unit === 'ns') return spanText(cell);
  if (unit === 'time') return `+${secondsText(cell).slice(0, -3)}`;
  if (unit === 'heat') return cell === 0 ? '·' : countText(cell);
  if (unit === 'bytes') return sizeText(cell);
  if (unit === 'num' || unit === 'number') return String(cell);
  return unit === 'share' ? `${(100 * cell).toFixed(1)} %` : countText(cell);
}
