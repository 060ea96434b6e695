/** The rows around the selection: a run of neighbouring matches that grows at its ends and is cut where it is far away. */

import type { ListedRow, Row } from '../screens/events/rows.ts';
import type { Matches } from './matches.ts';
import type { Match } from './selected.ts';

/** A window of matching rows around the selected one: what the list can show without asking. */
export interface ListWindow {
  /** Ascending in number. */
  readonly rows: readonly ListedRow[];
  /** Matches before the first row; null: not counted yet. */
  readonly before: number | null;
  /** False: there may be more rows at either end, which are still being looked for. */
  readonly complete: boolean;
}

export class RowWindow {
  readonly #matches: Matches;
  readonly #read: (match: Match) => Row;
  #rows: Row[] = [];
  /** The rows as they were last listed: one whose neighbour is the same is the same object. */
  #listed: ListedRow[] = [];
  /** The event that rows are wanted around. */
  #near: number;
  #startKnown = false;
  #endKnown = false;

  constructor(matches: Matches, near: number, read: (match: Match) => Row) {
    this.#matches = matches;
    this.#near = near;
    this.#read = read;
  }

  /** Wants rows around another event; those at hand are kept if it is among them. */
  moveTo(near: number): void {
    this.#near = near;
    const { first, last } = this.#span();
    const inside = near >= first && near <= last;
    if (inside || (near > last && this.#endKnown) || (near < first && this.#startKnown)) return;
    this.#rows = [];
    this.#startKnown = this.#endKnown = false;
  }

  /** Its last row is the last of all, as far as was known. */
  get isAtEnd(): boolean {
    return this.#near === Infinity && this.#rows.length > 0;
  }

  /** Wants the rows after the last one at hand, to the end. */
  follow(): void {
    this.#near = Infinity;
    this.#endKnown = false;
  }

  /** New events may follow. */
  grown(): void {
    this.#endKnown = false;
  }

  /** Reads on until `reach` rows stand on either side; gives a chance to stop at each step. */
  *fill(reach: number): Generator<void> {
    yield* this.#extendForward(reach);
    yield* this.#extendBackward(reach);
    this.#trim(2 * reach);
  }

  /** The row wanted: the one at or after `near`, else the last; null: none is known. */
  get selected(): Row | null {
    return this.#rows[this.#index()] ?? (this.#endKnown ? (this.#rows.at(-1) ?? null) : null);
  }

  list(complete: boolean): ListWindow {
    const known = new Map(this.#listed.map((row) => [row.num, row]));
    this.#listed = this.#rows.map((row, i) => {
      const since = i === 0 ? null : row.time - this.#rows[i - 1]!.time;
      const before = known.get(row.num);
      return before?.since === since ? before : { ...row, since };
    });
    const rows = this.#listed;
    return { rows, before: rows.length === 0 ? 0 : this.#matches.countBefore(rows[0]!.num), complete };
  }

  *#extendForward(reach: number): Generator<void> {
    if (this.#endKnown || this.#rows.length - this.#index() > reach) return;
    for (const match of this.#matches.forward(this.#rows.at(-1)?.num ?? this.#near - 1)) {
      if (match === null) yield;
      else this.#rows.push(this.#read(match));
      if (this.#rows.length - this.#index() > reach) return;
    }
    this.#endKnown = true;
  }

  *#extendBackward(reach: number): Generator<void> {
    if (this.#startKnown || this.#index() > reach) return;
    const found: Row[] = [];
    let complete = true;
    for (const match of this.#matches.backward(this.#rows[0]?.num ?? this.#near)) {
      if (match !== null) found.push(this.#read(match));
      else if (found.length > 0) {
        this.#rows.unshift(...found.splice(0).reverse());
        yield;
      } else yield;
      complete = this.#index() + found.length <= reach;
      if (!complete) break;
    }
    this.#rows.unshift(...found.reverse());
    this.#startKnown = complete;
  }

  #trim(most: number): void {
    const index = Math.min(this.#index(), this.#rows.length - 1);
    const from = Math.max(0, index - most);
    const to = Math.min(this.#rows.length, index + most);
    this.#startKnown &&= from === 0;
    this.#endKnown &&= to === this.#rows.length;
    this.#rows = this.#rows.slice(from, to);
  }

  /** Index of the first row at or after `near`. */
  #index(): number {
    const index = this.#rows.findIndex(({ num }) => num >= this.#near);
    return index < 0 ? this.#rows.length : index;
  }

  #span(): { first: number; last: number } {
    return { first: this.#rows[0]?.num ?? Infinity, last: this.#rows.at(-1)?.num ?? -Infinity };
  }
}
