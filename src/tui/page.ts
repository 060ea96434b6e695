/** Text that covers the list: the keys, or an explanation. */
import { helpLines } from './help.ts';
import type { Paint } from './kit/paint.ts';
import { wrap } from './kit/text.ts';
import type { Page } from './state.ts';

/** Harmless lines of at most `width` cells. */
export function pageLines(page: Page, width: number, paint: Paint = (_style, text) => text): string[] {
  if (page.kind === 'help') return helpLines(paint, width);
  return page.lines.flatMap((line, i) => wrap(line, width).map((part) => (i === 0 ? paint('title', part) : part)));
}
