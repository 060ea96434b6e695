/** What one row of a dimension decides: asked once per row, then looked up by its number. */

import type { EventView } from '../../event/view.ts';
import type { Chunk, ChunkHead, RowColumn } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';

/** What is remembered of a row. The answers are the numbers that a count grows by. */
const NO = 0;
const YES = 1;
const UNKNOWN = 2;
const BY_TIME = 3;

/** A test of one row, looked at once per row and remembered. */
export class RowStep implements Step {
  readonly cost = 2;
  readonly parts: readonly Step[] = [];
  readonly where: string;
  #memo = new Uint8Array(1024).fill(UNKNOWN);
  /** For rows whose answer depends on the time: the last answer and for how long it holds. */
  readonly #byTime = new Map<number, { from: number; until: number; version: number; answer: boolean }>();

  constructor(
    readonly column: RowColumn,
    readonly label: string,
    private readonly test: (view: EventView) => boolean,
    private readonly view: EventView,
  ) {
    this.where = `${column}s`;
  }

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const ids = chunk[this.column];
    let memo = this.#memo;
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const id = ids[i]!;
      let known = id < memo.length ? memo[id]! : UNKNOWN;
      if (known > YES) {
        known = this.#answer(id, chunk.time[i]!) ? YES : NO;
        memo = this.#memo;
      }
      out[count] = i; // kept if the count moves on: no branch that the CPU would have to guess
      count += known;
    }
    return count;
  }

  mayMatch(head: ChunkHead): boolean {
    const ids = head.presence(this.column);
    return (
      ids === null || ids.some((id) => (this.#memo[id] ?? UNKNOWN) !== NO && (this.#answer(id, head.minTime) || this.#memo[id] === BY_TIME))
    );
  }

  #answer(id: number, time: number): boolean {
    if (id >= this.#memo.length) this.#grow(id);
    const version = this.view.capture.growing ? this.view.version : 0;
    const last = this.#byTime.get(id);
    if (last !== undefined && last.version === version && time >= last.from && time < last.until) return last.answer;
    this.view.onRow(this.column, id, time);
    const answer = this.test(this.view);
    const { from, until, askedHistory } = this.view;
    if (askedHistory && (this.view.capture.growing || from > -Infinity || until < Infinity)) {
      this.#memo[id] = BY_TIME;
      this.#byTime.set(id, { from, until, version, answer });
    } else this.#memo[id] = answer ? YES : NO;
    return answer;
  }

  #grow(id: number): void {
    const memo = new Uint8Array(Math.max(id + 1, this.#memo.length * 2)).fill(UNKNOWN);
    memo.set(this.#memo);
    this.#memo = memo;
  }
}
