import { absenceOf, type Chunk, type ChunkHead, EventFlag, type NumberColumn } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';

/** `<`, `<=`, `>`, `>=`, `=` on a column as it is: the common case, without a call per event. */
export class RangeStep implements Step {
  readonly cost = 1;
  readonly where = 'columns';
  readonly parts: readonly Step[] = [];

  /** Matches low <= value <= high. */
  constructor(
    readonly column: NumberColumn,
    readonly label: string,
    private readonly low: number,
    private readonly high: number,
  ) {}

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const values = chunk[this.column];
    const absence = absenceOf(this.column);
    const low = absence === 'negative' ? Math.max(0, this.low) : this.low;
    const { high } = this;
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const value = values[i]!;
      out[count] = i;
      count += Number(value >= low) & Number(value <= high);
    }
    return absence === 'flag' && count > 0 ? withResult(chunk, out, count) : count;
  }

  mayMatch(head: ChunkHead): boolean {
    if (this.column === 'num') return head.lastNum >= this.low && head.firstNum <= this.high;
    if (this.column === 'time') return head.maxTime >= this.low && head.minTime <= this.high;
    if (this.column === 'latency') return head.maxLatency >= this.low;
    return true;
  }
}

/** Of the first n selected events those that have a result. */
function withResult({ flags }: Chunk, selection: Selection, n: number): number {
  let count = 0;
  for (let k = 0; k < n; k++) if (flags[selection[k]!]! & EventFlag.HAS_RES) selection[count++] = selection[k]!;
  return count;
}
