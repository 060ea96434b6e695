/** Reads a capture for the screen: the rows around the selection, what was asked to be found, and how many match; a slice at a time. */

import type { Capture } from '../../capture/capture.ts';
import { type CaptureContext, EventView } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { FilterError } from '../../filter/error.ts';
import { type Row, rowOf, rowText } from '../screens/events/rows.ts';
import type { Timeline } from '../state.ts';
import { Matches } from './matches.ts';
import type { ListWindow } from './row-window.ts';
import { RowWindow } from './row-window.ts';
import type { Goal } from './seek.ts';
import { type Progress, seekGoal } from './seek.ts';
import type { Match } from './selected.ts';
import { timelineOf } from './timeline.ts';

export interface Counts {
  /** Matches counted so far. */
  readonly matches: number;
  /** How much of the capture is counted, 0 to 1. */
  readonly progress: number;
}

/** What a slice of work brought to light; what is missing did not change. */
export interface Findings {
  readonly list?: ListWindow;
  /** With a list: the event wanted, or the nearest that matches. */
  readonly selected?: number | null;
  readonly sought?: { readonly goal: Goal } & ({ readonly found: number | null } | { readonly at: number });
  readonly preview?: Counts & { readonly text: string };
  /** Nothing is left to be done. */
  readonly done: boolean;
}

const KEPT_ROWS = 4096;
/** Blind spots that the screen says in other words. */
const SAID: ReadonlySet<string> = new Set(['lost', 'not-closed']);
/** Chunks that are counted at once: a recorder writes a few a second. */
const MOST_COUNTED = 8;
/** ms after which rows at the end are read again though they are known: names come late. */
const RENEW_MS = 10_000;

export class Browser {
  readonly #capture: Capture;
  readonly #context: CaptureContext;
  readonly #view: EventView;
  readonly #rows = new Map<number, Row>();
  #matches: Matches;
  #window: RowWindow;
  #filling: Generator<void> | null = null;
  #seeking: { readonly goal: Goal; readonly reach: number; readonly steps: Generator<Progress, number | null> } | null = null;
  #preview: { readonly text: string; readonly matches: Matches } | null = null;
  #revision: number;
  #blindSpots = { version: -1, count: 0 };
  /** Half a page is not shown while following. */
  #following = false;
  /** When the window was read anew: rows may have changed since they were read. */
  #renewed = 0;
  /** Matches when the end was last gone to. */
  #matchesAtEnd = 0;

  /** Throws FilterError. */
  constructor(capture: Capture, context: CaptureContext, filter: string) {
    this.#capture = capture;
    this.#context = context;
    this.#view = new EventView(context);
    this.#matches = new Matches(capture, compileFilter(filter, context), context.growing);
    this.#revision = this.#matches.revision;
    this.#window = this.#windowAt(0);
  }

  get counts(): Counts {
    return { matches: this.#matches.total, progress: this.#matches.progress };
  }

  get lastNum(): number {
    return this.#matches.lastNum;
  }

  /** How much there is, how much was lost, and how much could not be seen. */
  get totals(): { readonly events: number; readonly end: number; readonly lost: number; readonly blind: number } {
    return { events: this.#matches.events, end: this.#matches.endTime, lost: this.#capture.losses.events, blind: this.#blind() };
  }

  /** Looked for anew only when rows came that could be one. */
  #blind(): number {
    const { processes, counters } = this.#capture.dims;
    const version = processes.version + counters.version;
    if (version !== this.#blindSpots.version) {
      const spots = this.#capture.blindSpots.filter(({ id, usual }) => !usual && !SAID.has(id));
      this.#blindSpots = { version: processes.version + counters.version, count: spots.length };
    }
    return this.#blindSpots.count;
  }

  get timeline(): Timeline {
    return this.#matches.read(() => timelineOf(this.#capture, this.#matches.heads, this.#matches.endTime));
  }

  /** Narrows to another filter; gives what is to be said about it. Throws FilterError. */
  filterBy(text: string): readonly string[] {
    const filter = compileFilter(text, this.#context);
    this.#matches = new Matches(this.#capture, filter, this.#context.growing);
    this.#seeking = null;
    return filter.notes;
  }

  /** Counts what another filter lets through; empty or wrong: nothing is counted. */
  preview(text: string): void {
    if (text === this.#preview?.text) return;
    this.#preview = null;
    if (text === '' || this.#context.growing) return;
    try {
      this.#preview = { text, matches: new Matches(this.#capture, compileFilter(text, this.#context), false) };
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
    }
  }

  /** Wants `reach` rows on either side of an event that is far from those at hand. */
  goTo(num: number, reach: number): void {
    this.#following = false;
    this.#window = this.#windowAt(num);
    this.#filling = this.#window.fill(reach);
  }

  /** The same, of an event that is among them or beside them. */
  moveTo(num: number, reach: number): void {
    this.#following = false;
    this.#window.moveTo(num);
    this.#filling = this.#window.fill(reach);
  }

  /** Wants the last rows. Those at hand stay, and are shown, until these are all read. */
  follow(reach: number): void {
    const due = performance.now() - this.#renewed > RENEW_MS;
    const known = this.#window.isAtEnd && this.#newMatches() <= reach;
    if (known && !due) this.#window.follow();
    else {
      this.#renewed = performance.now();
      this.#window = this.#windowAt(Infinity);
    }
    this.#matchesAtEnd = this.#matches.total;
    this.#following = true;
    this.#filling = this.#window.fill(reach);
  }

  /** Matches that came since the end was last gone to; counts what is new, where that is little. */
  #newMatches(): number {
    return this.#matches.read(() => {
      for (let k = 0; k < MOST_COUNTED && this.#matches.countOne(); k++);
      return this.#matches.progress === 1 ? this.#matches.total - this.#matchesAtEnd : Infinity;
    });
  }

  /** Looks for an event, from another one on, and goes to it. */
  seek(goal: Goal, from: number, reach: number): void {
    this.#seeking = { goal, reach, steps: seekGoal(this.#matches, goal, from, (match) => rowText(this.#rowAt(match)), this.#context) };
  }

  /** What is being looked for; null: nothing is. */
  get sought(): Goal | null {
    return this.#seeking?.goal ?? null;
  }

  stopSeeking(): void {
    this.#seeking = null;
  }

  /** True when the file has grown since this was last asked. */
  hasGrown(): boolean {
    if (!this.#matches.isStale) return false;
    this.#matches.read(() => {});
    if (this.#matches.revision === this.#revision) return false;
    this.#revision = this.#matches.revision;
    this.#rows.clear();
    this.#window.grown();
    return true;
  }

  /** Works until it is late: searches, then reads rows, then counts if wanted. */
  work(late: () => boolean, count: boolean): Findings {
    return this.#matches.read(() => {
      const sought = this.#stepSeek(late);
      const list = this.#stepFill(late);
      const counting = count ? this.#stepCount(late) : this.#matches.progress < 1;
      const preview = this.#stepPreview(late);
      const done = !counting && (preview?.progress ?? 1) === 1 && this.#filling === null && this.#seeking === null;
      return { ...list, ...(sought === undefined ? {} : { sought }), ...(preview === null ? {} : { preview }), done };
    });
  }

  /** Matches before an event; null: not counted yet. */
  countBefore(num: number): number | null {
    return this.#matches.read(() => this.#matches.countBefore(num));
  }

  /** Reads something off one event; null where it does not match. */
  readEvent<T>(num: number, read: (view: EventView) => T): T | null {
    return this.#matches.read(() => {
      for (const match of this.#matches.forward(num - 1)) {
        if (match !== null) return match.num === num ? read(this.#view.at(match.chunk, match.i)) : null;
      }
      return null;
    });
  }

  #windowAt(near: number): RowWindow {
    return new RowWindow(this.#matches, near, (match) => this.#rowAt(match));
  }

  #stepSeek(late: () => boolean): Findings['sought'] {
    if (this.#seeking === null) return undefined;
    const { goal, reach, steps } = this.#seeking;
    let step = steps.next();
    while (step.done !== true && !late()) step = steps.next();
    if (step.done !== true) return { goal, at: step.value.num };
    this.#seeking = null;
    if (step.value !== null) this.goTo(step.value, reach);
    return { goal, found: step.value };
  }

  #stepFill(late: () => boolean): Pick<Findings, 'list' | 'selected'> {
    if (this.#filling === null) return {};
    let step = this.#filling.next();
    while (step.done !== true && !late()) step = this.#filling.next();
    const complete = step.done === true;
    if (complete) this.#filling = null;
    else if (this.#following) return {};
    return { list: this.#window.list(complete), selected: this.#window.selected?.num ?? null };
  }

  #stepPreview(late: () => boolean): NonNullable<Findings['preview']> | null {
    if (this.#preview === null) return null;
    const { text, matches } = this.#preview;
    while (!late() && matches.countOne());
    return { text, matches: matches.total, progress: matches.progress };
  }

  /** Counts on; false: all is counted. */
  #stepCount(late: () => boolean): boolean {
    while (!late()) if (!this.#matches.countOne()) return false;
    return true;
  }

  #rowAt(match: Match): Row {
    const known = this.#rows.get(match.num);
    if (known !== undefined) return known;
    const row = rowOf(this.#view.at(match.chunk, match.i));
    if (this.#rows.size >= KEPT_ROWS) this.#rows.clear();
    this.#rows.set(match.num, row);
    return row;
  }
}
