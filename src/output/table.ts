/** Columns that line up, for summaries. */
import { createRequire } from 'node:module';
import type stringWidth from 'string-width';
import { sanitize } from './printable.ts';

const load = createRequire(import.meta.url);
/** ASCII, and what our own tables draw and quote with: a cell each. */
const NARROW = /^[\x20-\x7eµ·…→█‘’“”–—]*$/;

/** Cells that a harmless text takes. The package spends 30 ms on its tables of emoji: only a text that needs them has it loaded. */
function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  return (load('string-width') as { default: typeof stringWidth }).default(text);
}

export interface TableColumn {
  readonly title: string;
  readonly align?: 'right';
  /** A part of it says nothing, as of a time: others are cut first. */
  readonly whole?: true;
}

/** No column is cut below this. */
const LEAST = 8;
const GAP = '  ';

/** Where columns stand, and what of them fits. */
export class TableLayout {
  readonly #columns: readonly TableColumn[];
  readonly #widths: number[];
  readonly #cut = new Set<number>();
  /** Titles; some without what stands before their last dot. */
  readonly #titles: string[];
  readonly #width: number | null;

  /** `rows`: harmless text by which the widths are found. `width`: cells that there are; null: as many as it takes. */
  constructor(columns: readonly TableColumn[], rows: readonly (readonly string[])[], width: number | null) {
    this.#columns = columns;
    this.#titles = columns.map(({ title }) => title);
    this.#width = width;
    this.#widths = columns.map(({ title }, c) => rows.reduce((most, row) => Math.max(most, widthOf(row[c] ?? '')), widthOf(title)));
    if (width === null) return;
    this.#shortenTitles(width, rows);
    this.#fit(width);
  }

  /** The titles, side by side. */
  header(): string {
    return this.line(this.#titles);
  }

  /** Cells side by side; trailing blanks removed. */
  line(cells: readonly string[]): string {
    return this.#columns
      .map(({ align }, c) => {
        const cell = this.#cut.has(c) ? cutTo(cells[c] ?? '', this.#widths[c]!) : (cells[c] ?? '');
        const padding = ' '.repeat(Math.max(0, this.#widths[c]! - widthOf(cell)));
        return align === 'right' ? padding + cell : cell + padding;
      })
      .join(GAP)
      .trimEnd();
  }

  /** Which columns were cut, and how to see them whole; null: none. */
  cutNote(): string | null {
    if (this.#cut.size === 0) return null;
    const names = [...this.#cut].sort((a, b) => a - b).map((c) => this.#columns[c]!.title);
    return `(cut to ${this.#width} columns: ${names.join(', ')}; a pipe, --csv or --json has all)`;
  }

  /** Cells by which it is too wide. */
  #over(width: number): number {
    return this.#widths.reduce((sum, one) => sum + one, GAP.length * (this.#widths.length - 1)) - width;
  }

  /** Titles that are wider than what stands below them lose their beginning first: DURATION for PROC.DURATION, where no other is called so. */
  #shortenTitles(width: number, rows: readonly (readonly string[])[]): void {
    const ends = this.#titles.map((title) => title.slice(title.lastIndexOf('.') + 1));
    const spare = this.#widths.map((one, c) => {
      const cells = rows.reduce((most, row) => Math.max(most, widthOf(row[c] ?? '')), 0);
      const isOther = ends.some((end, other) => other !== c && (end === ends[c] || this.#titles[other] === ends[c]));
      return isOther ? 0 : one - Math.max(cells, widthOf(ends[c]!));
    });
    while (this.#over(width) > 0) {
      const c = spare.indexOf(Math.max(...spare));
      if (c < 0 || spare[c]! <= 0) return;
      this.#widths[c]! -= spare[c]!;
      this.#titles[c] = ends[c]!;
      spare[c] = 0;
    }
  }

  /** The widest column of text that may be cut, and those that it is compared with; null: there is none. `whole`: also what is cut last. */
  #widest(whole: boolean): readonly [number, readonly number[]] | null {
    const texts = this.#columns.flatMap((column, c) => (column.align === 'right' || (column.whole === true && !whole) ? [] : [c]));
    const most = Math.max(LEAST, ...texts.map((c) => this.#widths[c]!));
    const widest = texts.find((c) => this.#widths[c] === most);
    return most === LEAST || widest === undefined ? null : [widest, texts];
  }

  /** Takes from the widest column of text until all fits, or nothing more can be taken. */
  #fit(width: number): void {
    for (let over = this.#over(width); over > 0; over = this.#over(width)) {
      const [widest, alike] = this.#widest(false) ?? this.#widest(true) ?? [];
      if (widest === undefined) return;
      const others = this.#widths.filter((_, c) => c !== widest && alike!.includes(c));
      const next = Math.max(LEAST, ...others.filter((one) => one < this.#widths[widest]!));
      this.#widths[widest] = Math.max(next, this.#widths[widest]! - over);
      this.#cut.add(widest);
    }
  }
}

/** The text, or as much of its beginning as fits with a mark. */
function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let shown = '';
  let used = 1;
  for (const character of text) {
    used += widthOf(character);
    if (used > width) break;
    shown += character;
  }
  return `${shown}…`;
}

/** Rows of text, made harmless, with a line of titles; trailing blanks removed. */
export function tableLines(columns: readonly TableColumn[], texts: readonly (readonly string[])[]): string[] {
  const rows = texts.map((row) => row.map((cell) => (NARROW.test(cell) ? cell : sanitize(cell))));
  const layout = new TableLayout(columns, rows, null);
  return [layout.header(), ...rows.map((row) => layout.line(row))];
}
