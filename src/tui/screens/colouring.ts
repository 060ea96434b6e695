/** Rows that stand out: what is alike in one field has one colour, and a digit before it for those who see none. */
import type { Clause } from '../data/clause.ts';
import type { Paint, Style } from '../kit/paint.ts';

/** Rows with this value of a field. */
export interface ColourRule {
  readonly field: string;
  readonly value: string;
}

/** As many colours as are told apart on light and on dark, and mean nothing else. */
const STYLES: readonly Style[] = ['first', 'second', 'third', 'fourth'];

/** With the rule that a cell's check makes; without it where it was there. The newest come last, the oldest gives way. */
export function toggledRule(rules: readonly ColourRule[], { field, value }: Clause): readonly ColourRule[] {
  const others = rules.filter((rule) => rule.field !== field || rule.value !== value);
  return others.length < rules.length ? others : [...others, { field, value }].slice(-STYLES.length);
}

export interface Colouring {
  readonly style: Style;
  /** Its digit. */
  readonly mark: string;
}

/** How a row looks that has such values; the newest rule counts. Null: no rule is about it. */
export function colouringOf(rules: readonly ColourRule[], has: (rule: ColourRule) => boolean): Colouring | null {
  const k = rules.findLastIndex(has);
  return k < 0 ? null : { style: STYLES[k]!, mark: String(k + 1) };
}

/** A row's first cell: a blank, or the digit of its colour. */
export function gutter(colouring: Colouring | null, paint: Paint): string {
  return colouring === null ? ' ' : paint(colouring.style, colouring.mark);
}
