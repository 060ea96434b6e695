/** Text that covers the screen: the keys. */

import type { Paint } from '../kit/paint.ts';
import type { Page } from '../state.ts';
import { helpLines } from './help.ts';

/** Harmless lines of at most `width` cells. */
export function pageLines(page: Page, width: number, paint: Paint = (_style, text) => text): string[] {
  return page.kind === 'help' ? helpLines(paint, width) : [];
}
