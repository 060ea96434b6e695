import type { Span } from './ast.ts';

/** A filter that is wrong: where, and what to do about it. The command line and the screen show the same. */
export class FilterError extends Error {
  /**
   * @param message what is wrong, without the filter's text
   * @param hint what to try; empty where there is nothing to say
   * @param fixed the whole filter as it probably was meant, where that is plain
   */
  constructor(
    message: string,
    readonly text: string,
    readonly span: Span,
    readonly hint = '',
    readonly fixed: string | null = null,
  ) {
    super(message);
    this.name = 'FilterError';
  }

  /** Several lines: the message, the filter, a caret line with the hint. Long filters are cut around the place. */
  render(): string {
    const { text, start } = around(this.text.replace(/\s/g, ' '), this.span);
    const width = Math.max(1, Math.min(this.span.end - this.span.start, text.length - start));
    const caret = `${' '.repeat(start)}${'^'.repeat(width)}`;
    const lines = [this.message, `  ${text}`, `  ${caret}${this.hint === '' ? '' : ` ${this.hint}`}`];
    if (this.fixed !== null) lines.push(`try: ${this.fixed}`);
    return lines.join('\n');
  }
}

const WIDEST = 110;

function around(text: string, span: Span): { text: string; start: number } {
  if (text.length <= WIDEST) return { text, start: span.start };
  const from = Math.max(0, Math.min(span.start - 50, text.length - WIDEST));
  const cut = text.slice(from, from + WIDEST);
  const before = from > 0 ? '…' : '';
  const after = from + WIDEST < text.length ? '…' : '';
  return { text: `${before}${cut}${after}`, start: span.start - from + before.length };
}

/** The candidates nearest to a misspelt name, best first, at most three. */
export function nearest(name: string, candidates: Iterable<string>): string[] {
  const limit = name.length <= 4 ? 1 : Math.max(2, Math.floor(name.length / 3));
  const scored: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), limit);
    const related = candidate.startsWith(`${name}.`) || candidate.endsWith(`.${name}`);
    if (related) scored.push({ candidate, distance: Math.min(distance, 1.5) });
    else if (distance <= limit) scored.push({ candidate, distance });
  }
  return scored
    .sort((a, b) => a.distance - b.distance || a.candidate.length - b.candidate.length || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** The one candidate that is clearly meant by a misspelt name; null where two are as near, or none is. */
export function closest(name: string, candidates: Iterable<string>): string | null {
  const limit = name.length < 4 ? 1 : 2;
  let best: string | null = null;
  let least = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), limit);
    if (distance === least) best = null;
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

/** `did you mean a, b or c?`; empty where nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const names = nearest(name, candidates);
  if (names.length === 0) return '';
  const last = names.at(-1);
  return `did you mean ${names.length === 1 ? last : `${names.slice(0, -1).join(', ')} or ${last}`}?`;
}

/** Insertions, deletions, replacements and swaps of neighbours (Damerau); above `limit` it may be too high. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
