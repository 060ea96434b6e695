/** A filter's text and a place in it: what the parser takes its words and symbols from. */
import type { Span } from './ast.ts';

const BLANK = /[ \b\t\n\r]*/y;

export class Scanner {
  at = 0;

  constructor(readonly text: string) {}

  /** The character at the place; undefined at the end. */
  get next(): string | undefined {
    return this.text[this.at];
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** From a place to here. */
  span(start: number): Span {
    return { start, end: this.at };
  }

  /** Skips blanks; true when there was one. */
  blank(): boolean {
    return (this.match(BLANK) ?? '') !== '';
  }

  symbol(symbol: string): boolean {
    if (!this.text.startsWith(symbol, this.at)) return false;
    this.at += symbol.length;
    return true;
  }

  /** Takes a keyword that does not go on as a longer word. */
  word(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    const next = this.text[this.at + word.length];
    if (next !== undefined && /[a-zA-Z0-9_.]/.test(next)) return false;
    this.at += word.length;
    return true;
  }

  /** Takes what a sticky pattern matches here; null: it does not. */
  match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  /** Looks at what work would take, and takes nothing. */
  ahead<T>(work: () => T): T {
    const start = this.at;
    const found = work();
    this.at = start;
    return found;
  }

  /** Takes what work takes unless that is null. */
  attempt<T>(work: () => T | null): T | null {
    const start = this.at;
    const found = work();
    if (found === null) this.at = start;
    return found;
  }
}
