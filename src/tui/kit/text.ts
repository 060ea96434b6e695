/** Texts in cells of a terminal: harmless, of a known width, cut and padded to fit. */
import stringWidth from 'string-width';
import { sanitize } from '../../output/printable.ts';

const ASCII = /^[\x20-\x7e]*$/;
/** ASCII, Latin, and what our own texts have: one cell each, found out without asking about each. */
const SINGLE = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u024fΔ’…→←↑↓▸▲▼·│─\u2400-\u2421\u2581-\u2588]*$/;
/** Terminals disagree about the width of these: variation selectors, skin tones, flags, and whole families of joined pictures. */
const UNSTEADY = /[\ufe00-\ufe0f\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\u{e0000}-\u{e0fff}]/gu;
const ELLIPSIS = '…';
const segmenter = new Intl.Segmenter();

/** A captured text as a screen may show it: no control characters, nothing whose width a terminal may see otherwise. */
export function harmless(text: string): string {
  return ASCII.test(text) ? text : sanitize(text).replace(UNSTEADY, '·');
}

/** Cells that a harmless text takes. */
export function widthOf(text: string): number {
  return SINGLE.test(text) ? text.length : stringWidth(text);
}

/** Exactly `width` cells: cut with an ellipsis, or padded at its end (`right`: at its beginning). */
export function fitted(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const whole = cut(text, width);
  const padding = ' '.repeat(Math.max(0, width - widthOf(whole)));
  return align === 'right' ? padding + whole : whole + padding;
}

/** At most `width` cells; what was cut shows as an ellipsis. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width <= 0 ? '' : head(text, width - 1) + ELLIPSIS;
}

/** The same, but both ends stay: for names and paths, whose end says more than their beginning. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 5) return cut(text, width);
  const left = Math.ceil((width - 1) / 3);
  return head(text, left) + ELLIPSIS + tail(text, width - 1 - left);
}

/** How text is painted (SGR): no cells. */
const STYLE = /\x1b\[[0-9;]*m/g;

/** Cells that a painted text takes. */
export function widthOfPainted(text: string): number {
  return widthOf(text.replace(STYLE, ''));
}

/** A painted line as it is where it fits; what is cut loses its paint. */
export function cutPainted(line: string, width: number): string {
  return widthOfPainted(line) <= width ? line : cut(line.replace(STYLE, ''), width);
}

/** Lines of at most `width` cells, broken at a blank where one is not far. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (widthOf(rest) > width) {
    const whole = head(rest, width);
    const blank = whole.lastIndexOf(' ');
    const line = whole === '' ? rest : blank > whole.length / 2 ? whole.slice(0, blank + 1) : whole;
    lines.push(line.trimEnd());
    rest = rest.slice(line.length);
  }
  return [...lines, rest];
}

/** The longest beginning that fits into `width` cells. */
export function head(text: string, width: number): string {
  if (SINGLE.test(text)) return text.slice(0, Math.max(0, width));
  let used = 0;
  for (const { segment, index } of segmenter.segment(text)) {
    used += widthOf(segment);
    if (used > width) return text.slice(0, index);
  }
  return text;
}

/** The longest end that fits into `width` cells. */
export function tail(text: string, width: number): string {
  if (SINGLE.test(text)) return text.slice(Math.max(0, text.length - width));
  const segments = [...segmenter.segment(text)];
  let used = 0;
  for (let i = segments.length - 1; i >= 0; i--) {
    used += widthOf(segments[i]!.segment);
    if (used > width) return text.slice(segments[i]!.index + segments[i]!.segment.length);
  }
  return text;
}

/** `1,234,567`. */
export function countText(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
