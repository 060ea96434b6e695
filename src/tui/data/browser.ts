/** Reads a capture for the screen: the rows around the selection, what was asked to be found, and how many match; a slice at a time. */

import type { Capture } from '../../capture/capture.ts';
import { type CaptureContext, EventView } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { FilterError } from '../../filter/error.ts';
import type { ChunkHead } from '../../model/chunk.ts';
import { type Row, rowOf, rowText } from '../screens/events/rows.ts';
import type { Timeline } from '../state.ts';
import { type Counting, type CountNews, Tally } from './counting.ts';
import { Finder, type HitCounts } from './finder.ts';
import { Matches } from './matches.ts';
import { type ListWindow, RowWindow } from './row-window.ts';
import type { Goal } from './seek.ts';
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
  readonly hits?: HitCounts | null;
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

/** Half a page is shown where the whole one takes longer. */
const PARTIAL_MS = 60;

export class Browser {
  readonly #capture: Capture;
  readonly #context: CaptureContext;
  readonly #view: EventView;
  readonly #rows = new Map<number, Row>();
  readonly #beside: Counting | null;
  #filter: string;
  #matches: Matches;
  #tally: Tally;
  #finder: Finder;
  #window: RowWindow;
  #filling: Generator<void> | null = null;
  #reach = 0;
  #preview: { readonly text: string; readonly matches: Matches; readonly tally: Tally } | null = null;
  #revision: number;
  #blindSpots = { version: -1, count: 0 };
  /** Half a page is not shown while following. */
  #following = false;
  /** When rows were left for others far away: for a moment those are still shown, and not half a page. */
  #left = -Infinity;
  /** When the window was read anew: rows may have changed since they were read. */
  #renewed = 0;
  /** Matches when the end was last gone to. */
  #matchesAtEnd = 0;

  /** `beside`: who counts what takes longer than a slice; null: this thread does. Throws FilterError. */
  constructor(capture: Capture, context: CaptureContext, filter: string, beside: Counting | null) {
    this.#capture = capture;
    this.#context = context;
    this.#view = new EventView(context);
    this.#beside = beside;
    this.#filter = filter;
    this.#matches = new Matches(capture, compileFilter(filter, context), context.growing);
    this.#tally = this.#tallyOf('filter', filter, this.#matches, 0);
    this.#finder = this.#newFinder();
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

  /** Narrows to another filter, whose matches are wanted around an event; gives what is to be said about it. Throws FilterError. */
  filterBy(text: string, near: number): readonly string[] {
    const filter = compileFilter(text, this.#context);
    this.#tally.stop();
    this.#finder.stop();
    const known = this.#preview?.text === text ? this.#preview : null;
    if (known !== null) this.#endPreview();
    this.#matches = known?.matches ?? new Matches(this.#capture, filter, this.#context.growing, this.#knownHeads());
    this.#filter = text;
    this.#tally = this.#tallyOf('filter', text, this.#matches, near);
    this.#finder = this.#newFinder();
    return filter.notes;
  }

  /** Counts what another filter lets through; empty or wrong: nothing is counted. */
  preview(text: string): void {
    if (text === (this.#preview?.text ?? '')) return;
    this.#endPreview();
    if (text === '' || this.#context.growing) return;
    try {
      const matches = new Matches(this.#capture, compileFilter(text, this.#context), false, this.#knownHeads());
      this.#preview = { text, matches, tally: this.#tallyOf('preview', text, matches, 0) };
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
    }
  }

  #endPreview(): void {
    this.#preview?.tally.stop();
    this.#preview = null;
  }

  /** A capture that does not grow has those that it had. */
  #knownHeads(): readonly ChunkHead[] | undefined {
    return this.#context.growing ? undefined : this.#matches.heads;
  }

  #tallyOf(lane: 'filter' | 'preview', filter: string, matches: Matches, from: number): Tally {
    return new Tally(matches, { lane, filter, text: null, from, direction: 1 }, this.#beside);
  }

  #newFinder(): Finder {
    const textOf = (match: Match) => rowText(this.#rowAt(match));
    return new Finder(this.#matches, this.#filter, textOf, this.#context, this.#beside);
  }

  /** What was counted beside. */
  told(news: CountNews): void {
    if (news.lane === 'filter') this.#tally.told(news);
    else if (news.lane === 'preview') this.#preview?.tally.told(news);
    else this.#finder.told(news);
  }

  /** Wants `reach` rows on either side of an event that is far from those at hand. */
  goTo(num: number, reach: number): void {
    this.#following = false;
    this.#left = performance.now();
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
    this.#reach = reach;
    this.#finder.seek(goal, from);
  }

  /** What is being looked for; null: nothing is. */
  get sought(): Goal | null {
    return this.#finder.goal;
  }

  /** It goes to an event that needs no search, or reads the rows there. */
  get isOnItsWay(): boolean {
    const goal = this.sought?.to;
    return goal === 'text' || goal === 'gap' ? false : goal !== undefined || (this.#filling !== null && !this.#following);
  }

  stopSeeking(): void {
    this.#finder.stop();
  }

  /** True when the file has grown since this was last asked. */
  hasGrown(): boolean {
    if (this.#matches.isStale) this.#matches.read(() => {}); // else it may have been read since for something else
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
      const counted = count ? this.#tally.step(late) : this.#tally.isAway || this.#matches.progress === 1;
      const hits = this.#finder.stepHits(late);
      const preview = this.#stepPreview(late);
      const done = counted && hits.done && (preview?.done ?? true) && this.#isFilled && this.#finder.isIdle;
      const found = sought === undefined ? {} : { sought };
      return { ...list, ...found, ...(preview === null ? {} : { preview: preview.counts }), hits: hits.counts, done };
    });
  }

  /** No rows are wanted that could be read now. */
  get #isFilled(): boolean {
    return this.#filling === null || this.#matches.isWaiting;
  }

  /** Matches before an event; null: not counted yet. */
  countBefore(num: number): number | null {
    return this.#matches.read(() => this.#matches.countBefore(num));
  }

  /** Reads something off one event; null where it does not match. */
  readEvent<T>(num: number, read: (view: EventView) => T): T | null {
    return this.#matches.read(() => {
      const match = this.#matches.exactly(num);
      return match === null ? null : read(this.#view.at(match.chunk, match.i));
    });
  }

  #windowAt(near: number): RowWindow {
    return new RowWindow(this.#matches, near, (match) => this.#rowAt(match));
  }

  #stepSeek(late: () => boolean): Findings['sought'] {
    const sought = this.#finder.step(late);
    if (sought !== undefined && 'found' in sought && sought.found !== null) this.goTo(sought.found, this.#reach);
    return sought;
  }

  #stepFill(late: () => boolean): Pick<Findings, 'list' | 'selected'> {
    if (this.#filling === null) return {};
    let step = this.#filling.next();
    while (step.done !== true && !this.#matches.isWaiting && !late()) step = this.#filling.next();
    const complete = step.done === true;
    if (complete) this.#filling = null;
    else if (this.#following || performance.now() - this.#left < PARTIAL_MS) return {};
    return { list: this.#window.list(complete), selected: this.#window.selected?.num ?? null };
  }

  #stepPreview(late: () => boolean): { readonly counts: NonNullable<Findings['preview']>; readonly done: boolean } | null {
    if (this.#preview === null) return null;
    const { text, matches, tally } = this.#preview;
    const done = tally.step(late);
    return { counts: { text, matches: matches.total, progress: matches.progress }, done };
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
