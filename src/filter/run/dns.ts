import type { EventView } from '../../event/view.ts';
import type { Chunk, ChunkHead } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';

/** A test of DNS messages: few rows, which know the numbers of their events. */
export class DnsStep implements Step {
  readonly cost = 0.5;
  readonly where = 'DNS messages';
  readonly parts: readonly Step[] = [];

  constructor(
    readonly label: string,
    private readonly test: (view: EventView) => boolean,
    private readonly view: EventView,
  ) {}

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    if (n === 0) return 0;
    const { num } = chunk;
    const rows = this.view.dnsBetween(num[selection[0]!]!, num[selection[n - 1]!]!);
    let count = 0;
    let k = 0;
    for (const row of rows) {
      while (k < n && num[selection[k]!]! < row.num) k++;
      if (k === n || num[selection[k]!] !== row.num) continue;
      this.view.onRow('dns', row.id, row.time);
      if (this.test(this.view)) out[count++] = selection[k++]!;
    }
    return count;
  }

  mayMatch(head: ChunkHead): boolean {
    return this.view.dnsBetween(head.firstNum, head.lastNum).length > 0;
  }
}
