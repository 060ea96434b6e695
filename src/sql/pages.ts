/**
 * Fills one table of an SQLite database by writing its pages (fileformat2, "B-tree Pages"): ten times as fast as inserting, and nearly
 * as fast as SQLite reads. The table is empty before, and nobody has the file open.
 */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { putVarint, varintSize } from './varint.ts';

export const PAGE = 65_536;
const LEAF = 0x0d;
const INTERIOR = 0x05;
const LEAF_HEADER = 8;
const INTERIOR_HEADER = 12;
/** SQLite locks bytes here and never uses that page. */
const LOCK_BYTE = 0x4000_0000;
/** Of the database's header, in page 1: how many pages there are. */
const PAGE_COUNT_AT = 28;
/** Pages that are written at once. */
const GATHERED = 16;

/** Bytes and rows that wait for a page. */
const CELLS = 8 * PAGE;
export const MOST_ROWS = PAGE;

/** A page and the largest row number in or below it. */
interface Child {
  readonly page: number;
  readonly last: number;
}

/** Rows come with ascending row numbers. */
export class TableFiller {
  readonly #file: number;
  readonly #root: number;
  /** Number of the next page. */
  #next: number;
  readonly #leaves: Child[] = [];
  /** Cells that are in no page yet, one behind the other, with where each begins and its row's number; more are written from `end` on. */
  readonly cells = new Uint8Array(CELLS);
  readonly starts = new Uint32Array(MOST_ROWS + 1);
  readonly nums = new Float64Array(MOST_ROWS);
  #rows = 0;
  /** Full pages that are not yet in the file. */
  readonly #full = Buffer.alloc(PAGE * GATHERED);
  #waiting = 0;

  constructor(path: string, rootPage: number) {
    this.#file = openSync(path, 'r+');
    this.#root = rootPage;
    this.#next = fstatSync(this.#file).size / PAGE + 1;
  }

  /** How many rows are in no page yet: the next is written at `starts[rows]`. */
  get rows(): number {
    return this.#rows;
  }

  /** So many rows were written: their cells, their numbers, and where each of them and the next after the last begins. */
  add(rows: number): void {
    this.#rows += rows;
    const { starts, nums } = this;
    let first = 0;
    for (let fit = this.#fitting(0); first + fit < this.#rows; fit = this.#fitting(first)) {
      this.#leaf(this.#nextPage(), first, fit);
      this.#leaves.push({ page: this.#next - 1, last: nums[first + fit - 1]! });
      first += fit;
    }
    this.#rows -= first;
    const begin = starts[first]!;
    this.cells.copyWithin(0, begin, starts[first + this.#rows]);
    for (let i = 0; i <= this.#rows; i++) starts[i] = starts[first + i]! - begin;
    nums.copyWithin(0, first, first + this.#rows);
  }

  /** Writes what is left, and closes the file. */
  finish(): void {
    const root = Buffer.alloc(PAGE);
    if (this.#leaves.length === 0) this.#leaf(root, 0, this.#rows);
    else {
      this.#leaf(this.#nextPage(), 0, this.#rows);
      this.#leaves.push({ page: this.#next - 1, last: this.nums[this.#rows - 1]! });
      this.#writeLevels(root);
    }
    this.#flush();
    this.#write(this.#root, root);
    this.#setPageCount();
    closeSync(this.#file);
  }

  /** How many rows from one on find room in a page. */
  #fitting(first: number): number {
    const room = PAGE - LEAF_HEADER + this.starts[first]!;
    let [fit, over] = [0, this.#rows - first + 1];
    while (fit + 1 < over) {
      const middle = (fit + over) >> 1;
      if (2 * middle + this.starts[first + middle]! <= room) fit = middle;
      else over = middle;
    }
    return fit;
  }

  #leaf(page: Buffer, first: number, rows: number): void {
    const { starts } = this;
    const [begin, end] = [starts[first]!, starts[first + rows]!];
    const up = PAGE - end;
    header(page, LEAF, rows, up + begin);
    for (let i = 0, at = LEAF_HEADER; i < rows; i++) {
      const place = up + starts[first + i]!;
      page[at++] = place >> 8;
      page[at++] = place;
    }
    page.set(this.cells.subarray(begin, end), up + begin);
  }

  /** Pages that lead to those below; the last one takes the place of the root. */
  #writeLevels(root: Buffer): void {
    const most = Math.floor((PAGE - INTERIOR_HEADER) / (2 + 4 + 9));
    let level: readonly Child[] = this.#leaves;
    while (level.length > most) {
      const above: Child[] = [];
      for (let i = 0; i < level.length; i += most) {
        const group = level.slice(i, i + most);
        interior(this.#nextPage(), group);
        above.push({ page: this.#next - 1, last: group.at(-1)!.last });
      }
      level = above;
    }
    interior(root, level);
  }

  /** A page behind the others, to be filled. */
  #nextPage(): Buffer {
    if (this.#waiting === GATHERED || (this.#next - 1) * PAGE === LOCK_BYTE) this.#flush();
    if ((this.#next - 1) * PAGE === LOCK_BYTE) this.#write(this.#next++, Buffer.alloc(PAGE));
    this.#next++;
    return this.#full.subarray(PAGE * this.#waiting, PAGE * ++this.#waiting);
  }

  #flush(): void {
    const bytes = this.#full.subarray(0, this.#waiting * PAGE);
    if (bytes.length > 0) this.#write(this.#next - this.#waiting, bytes);
    this.#waiting = 0;
  }

  #write(page: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at, bytes.length - at, (page - 1) * PAGE + at);
  }

  #setPageCount(): void {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.#next - 1);
    writeSync(this.#file, count, 0, 4, PAGE_COUNT_AT);
  }
}

function header(page: Buffer, kind: number, cells: number, contentStart: number): void {
  page.fill(0, 0, kind === LEAF ? LEAF_HEADER : INTERIOR_HEADER);
  page[0] = kind;
  page.writeUInt16BE(cells, 3);
  page.writeUInt16BE(contentStart % PAGE, 5);
}

function interior(page: Buffer, children: readonly Child[]): void {
  const cells = children.slice(0, -1);
  let end = PAGE;
  cells.forEach(({ page: below, last }, i) => {
    end -= 4 + varintSize(last);
    page.writeUInt32BE(below, end);
    putVarint(page, end + 4, last);
    page.writeUInt16BE(end, INTERIOR_HEADER + 2 * i);
  });
  header(page, INTERIOR, cells.length, end);
  page.writeUInt32BE(children.at(-1)!.page, 8);
}
