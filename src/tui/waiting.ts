/** What is seen while something begins that takes a while: what it is, for how long already, and how to leave. */
import { spanText } from '../model/time.ts';
import type { Frame } from './frame/view.ts';
import type { Paint } from './kit/paint.ts';
import type { Size } from './kit/terminal.ts';
import { cut } from './kit/text.ts';

/** `ms`: since when it is waited for. As many lines as the terminal has. */
export function waitingView(title: string, words: string, ms: number, { columns, rows }: Size, paint: Paint): Frame {
  const lines = [paint('title', cut(` ${title}`, columns)), '', cut(`  ${words} … ${spanText(Math.floor(ms / 100) * 1e8)}`, columns)];
  while (lines.length < rows - 1) lines.push('');
  lines.push(`${paint('title', ' q')} quit`);
  return { lines: lines.slice(0, rows), cursor: null };
}

export const LEAVING: ReadonlySet<string> = new Set(['q', 'Esc', 'C-c', 'F10']);
