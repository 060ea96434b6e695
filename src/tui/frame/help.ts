/** The help: every key of the table, by where it counts. */
import { FIELDS } from '../../event/fields/index.ts';
import { KEYS, keyLabel } from '../keymap.ts';
import type { Paint } from '../kit/paint.ts';
import { cut, fitted, wrap } from '../kit/text.ts';
import { screenNamed } from '../screens/index.ts';
import type { ScreenColumn } from '../screens/screen.ts';
import type { TableState } from '../screens/table/state.ts';
import type { Context } from '../state.ts';

const SECTIONS: readonly (readonly [Context, string])[] = [
  ['list', 'In the list'],
  ['detail', 'In the detail, after Tab'],
  ['table', 'On a screen of rows'],
  ['prompt', 'While typing: readline’s keys edit'],
];
const KEYS_WIDTH = 16;

/** What a column's cells say: of their own, or as the field does. */
export function columnDoc({ doc, field, title }: ScreenColumn): string {
  return doc || (FIELDS.find(({ name }) => name === (field ?? title))?.doc ?? '');
}

/** What the table says and what its columns mean; its own keys. Harmless lines of at most `width` cells. */
export function tableHelp({ question, table }: TableState, paint: Paint, width: number): string[] {
  const spec = screenNamed(question.id);
  const row = (name: string, text: string) =>
    wrap(text, Math.max(20, width - KEYS_WIDTH - 4)).map(
      (line, i) => `  ${paint('name', fitted(i === 0 ? name : '', KEYS_WIDTH))} ${line}`,
    );
  const columns = (table?.columns ?? []).filter(({ title }) => title !== '').map((column) => ({ ...column, doc: columnDoc(column) }));
  const keys = (spec?.keys ?? []).flatMap(({ keys, help }) => row(keys.map(keyLabel).join(' '), help));
  return [
    paint('title', cut(`${question.id}: ${spec?.sentence ?? ''}`, width)),
    ...columns.flatMap(({ title, doc, field }) =>
      row(title.toUpperCase(), [doc, field === null ? '' : `(${field}: = keeps, ! drops)`].filter(Boolean).join(' ')),
    ),
    ...(keys.length === 0 ? [] : ['', paint('title', 'Keys of this screen'), ...keys]),
    '',
  ];
}

/** Harmless lines of at most `width` cells; the same keys are not told twice. */
export function helpLines(paint: Paint = (_style, text) => text, width = Infinity, table: TableState | null = null): string[] {
  const told = new Set<(typeof KEYS)[number]>();
  const lines: string[] = table === null ? [] : tableHelp(table, paint, width);
  const sections = table === null ? SECTIONS : [...SECTIONS].sort(([a], [b]) => Number(b === 'table') - Number(a === 'table'));
  for (const [context, title] of sections) {
    lines.push(...(lines.length === 0 ? [] : ['']), paint('title', title));
    for (const row of KEYS.filter((one) => one.where.includes(context) && !told.has(one))) {
      told.add(row);
      lines.push(`  ${paint('name', fitted(row.keys.map(keyLabel).join(' '), KEYS_WIDTH))}${cut(row.help, width - KEYS_WIDTH - 2)}`);
    }
  }
  return lines;
}
