/** Looks for what was asked for, a step at a time; where that was a text, counts the rows that have it. */
import type { CaptureContext } from '../../event/view.ts';
import { type Counting, type CountNews, Tally } from './counting.ts';
import { GapElsewhere } from './gap-elsewhere.ts';
import { Hits, type TextOf } from './hits.ts';
import type { Matches } from './matches.ts';
import { type Goal, type Progress, seekGoal, seekText, type TextGoal } from './seek.ts';

/** The text last found, and how many rows have it. */
export interface HitCounts {
  /** Number of the event that was found. */
  readonly num: number;
  /** Which of them it is, from 1; null: not counted yet. */
  readonly place: number | null;
  /** So far. */
  readonly total: number;
  readonly complete: boolean;
}

export type Sought = { readonly goal: Goal } & ({ readonly found: number | null } | { readonly at: number });

export class Finder {
  readonly #matches: Matches;
  readonly #filter: string;
  readonly #textOf: TextOf;
  readonly #context: CaptureContext;
  readonly #beside: Counting | null;
  #seeking: { readonly goal: Goal; readonly steps: Generator<Progress, number | null> } | null = null;
  readonly #gap: GapElsewhere | null;
  #hits: { readonly hits: Hits; readonly tally: Tally } | null = null;
  #counts: HitCounts | null = null;

  /** `filter`: the one whose matches these are. */
  constructor(matches: Matches, filter: string, textOf: TextOf, context: CaptureContext, beside: Counting | null) {
    this.#matches = matches;
    this.#filter = filter;
    this.#textOf = textOf;
    this.#context = context;
    this.#beside = beside;
    this.#gap = beside === null || context.growing ? null : new GapElsewhere(filter, beside);
  }

  get goal(): Goal | null {
    return this.#seeking?.goal ?? null;
  }

  /** There is nothing that could be done now. */
  get isIdle(): boolean {
    return this.#seeking === null || this.#isWaiting;
  }

  get #isWaiting(): boolean {
    if (this.#seeking?.goal.to === 'text') return this.#hits?.hits.isWaiting === true;
    return this.#gap?.isAway === true || this.#matches.isWaiting;
  }

  seek(goal: Goal, from: number): void {
    const steps = goal.to === 'text' ? this.#seekText(goal, from) : seekGoal(this.#matches, goal, from);
    this.#seeking = { goal, steps };
    this.#gap?.stop();
    if (goal.to === 'gap') this.#gap?.begin(goal.direction, from);
  }

  /** What was counted for the same text holds. What is being counted begins anew from here. */
  #seekText({ text, direction }: TextGoal, from: number): Generator<Progress, number | null> {
    const known = this.#hits?.hits;
    this.#hits?.tally.stop();
    const hits = known?.text === text.toLowerCase() ? known : new Hits(this.#matches, text, this.#textOf, this.#context);
    const job = { lane: 'find', filter: this.#filter, text: hits.text, from, direction } as const;
    this.#hits = { hits, tally: new Tally(hits, job, this.#beside) };
    this.#counts = null;
    return seekText(hits, direction, from);
  }

  /** Nobody waits for it any more. */
  stop(): void {
    if (this.#seeking?.goal.to === 'text') {
      this.#hits?.tally.stop();
      this.#hits = null;
    }
    this.#gap?.stop();
    this.#seeking = null;
  }

  told(news: CountNews): void {
    if (news.lane === 'gap') this.#gap?.told(news);
    else this.#hits?.tally.told(news);
  }

  /** Looks on until it is late; undefined: nothing is looked for. */
  step(late: () => boolean): Sought | undefined {
    if (this.#seeking === null) return undefined;
    const { goal, steps } = this.#seeking;
    const away = goal.to === 'gap' ? (this.#gap?.step() ?? null) : null;
    if (away !== null) {
      if ('found' in away) this.#seeking = null;
      return { goal, ...away };
    }
    let step = steps.next();
    while (step.done !== true && !this.#isWaiting && !late()) step = steps.next();
    if (step.done !== true) return { goal, at: step.value.num };
    this.#seeking = null;
    if (goal.to === 'text' && step.value !== null) this.#counts = { num: step.value, place: null, total: 0, complete: false };
    return { goal, found: step.value };
  }

  /** Counts on until it is late. */
  stepHits(late: () => boolean): { readonly counts: HitCounts | null; readonly done: boolean } {
    if (this.#hits === null) return { counts: null, done: true };
    const { hits, tally } = this.#hits;
    const done = tally.step(late);
    const known = this.#counts;
    if (known !== null && (known.total !== hits.total || known.complete !== hits.isComplete || known.place === null)) {
      this.#counts = { num: known.num, place: known.place ?? hits.placeOf(known.num), total: hits.total, complete: hits.isComplete };
    }
    return { counts: this.#counts, done };
  }
}
