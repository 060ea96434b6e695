/** Filters that are asked of everything that is recorded, to say that something happened; each costs what a filter costs. */
import { Matcher } from '../capture/select.ts';
import type { CaptureContext } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import type { Chunk } from '../model/chunk.ts';
import { LookupTriggers } from './lookup-triggers.ts';

/** An event that a trigger was waiting for: the first of its round. */
export interface TriggerHit {
  /** The trigger's filter. */
  readonly filter: string;
  readonly num: number;
  /** ns since the recording began. */
  readonly time: number;
}

const ASKS_LOOKUP = /\bdns\.lookup\./;

export class Triggers {
  readonly #filters: readonly string[];
  readonly #onHit: (hit: TriggerHit) => void;
  readonly #lookups: LookupTriggers | null;
  #matchers: readonly Matcher[];

  /** Throws FilterError. */
  constructor(filters: readonly string[], context: CaptureContext, onHit: (hit: TriggerHit) => void) {
    const late = filters.filter((filter) => ASKS_LOOKUP.test(filter));
    this.#filters = filters.filter((filter) => !ASKS_LOOKUP.test(filter));
    this.#onHit = onHit;
    this.#lookups = late.length === 0 ? null : new LookupTriggers(late, context, onHit);
    this.#matchers = this.#filters.map((filter) => new Matcher(compileFilter(filter, context)));
  }

  /** Asks all of events that follow those before. */
  look(chunk: Chunk): void {
    this.#lookups?.look(chunk);
    this.#matchers.forEach((matcher, i) => {
      const match = matcher.next(chunk);
      if (match === null) return;
      const first = match.selection[0]!;
      this.#onHit({ filter: this.#filters[i]!, num: chunk.num[first]!, time: chunk.time[first]! });
    });
  }

  /** Asks again of what was not over. `now`: ns since the recording began. */
  lookAgain(now: number): void {
    this.#lookups?.lookAgain(now);
  }

  /** Forgets what was remembered of rows that are gone. `timeBefore`: of the event before those that come. */
  renew(context: CaptureContext, timeBefore: number): void {
    this.#lookups?.renew(timeBefore);
    this.#matchers = this.#filters.map((filter) => new Matcher(compileFilter(filter, context), {}, timeBefore));
  }
}
