/** The help: every key of the table, by where it counts. */
import { KEYS, keyLabel } from '../keymap.ts';
import type { Paint } from '../kit/paint.ts';
import { cut, fitted } from '../kit/text.ts';
import type { Context } from '../state.ts';

const SECTIONS: readonly (readonly [Context, string])[] = [
  ['list', 'In the list'],
  ['detail', 'In the detail, after Tab'],
  ['table', 'On a screen of rows'],
  ['prompt', 'While typing: readline’s keys edit'],
];
const KEYS_WIDTH = 16;

/** Harmless lines of at most `width` cells; the same keys are not told twice. */
export function helpLines(paint: Paint = (_style, text) => text, width = Infinity): string[] {
  const told = new Set<(typeof KEYS)[number]>();
  const lines: string[] = [];
  for (const [context, title] of SECTIONS) {
    lines.push(...(lines.length === 0 ? [] : ['']), paint('title', title));
    for (const row of KEYS.filter((one) => one.where.includes(context) && !told.has(one))) {
      told.add(row);
      lines.push(`  ${paint('name', fitted(row.keys.map(keyLabel).join(' '), KEYS_WIDTH))}${cut(row.help, width - KEYS_WIDTH - 2)}`);
    }
  }
  return lines;
}
