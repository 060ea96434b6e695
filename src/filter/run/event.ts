import type { EventView } from '../../event/view.ts';
import type { Chunk } from '../../model/chunk.ts';
import type { Selection, Step } from '../step.ts';

/** Anything else: each event is looked at. */
export class EventStep implements Step {
  readonly cost = 200;
  readonly where = 'events, one by one';
  readonly parts: readonly Step[] = [];

  constructor(
    readonly label: string,
    private readonly test: (view: EventView) => boolean,
    private readonly view: EventView,
  ) {}

  select(chunk: Chunk, selection: Selection, n: number, out: Selection): number {
    let count = 0;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      if (this.test(this.view.at(chunk, i))) out[count++] = i;
    }
    return count;
  }

  mayMatch(): boolean {
    return true;
  }
}
