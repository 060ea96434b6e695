import { absenceOf, type Chunk, isAbsent, type NumberColumn } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';

/** A test of one number of each event. */
export class ColumnStep implements Step {
  readonly cost = 4;
  readonly where = 'columns';
  readonly parts: readonly Step[] = [];

  constructor(
    readonly column: NumberColumn,
    readonly label: string,
    private readonly test: (value: number | null) => boolean,
  ) {}

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    const values = chunk[this.column];
    const { test } = this;
    const absence = absenceOf(this.column);
    const { flags } = chunk;
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const value = values[i]!;
      if (test(isAbsent(absence, value, flags[i]!) ? null : value)) out[count++] = i;
    }
    return count;
  }

  mayMatch(): boolean {
    return true;
  }
}
