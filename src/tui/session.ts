/** One screen at work: holds the state, does what updates ask for, and divides the time between the keyboard and the capture. */

import { Browser, type Findings } from './data/browser.ts';
import type { CountNews } from './data/counting.ts';
import { Growth } from './data/growth.ts';
import { type Goal, seekingText } from './data/seek.ts';
import { ReaderHere } from './data/table-reader.ts';
import { Watch } from './data/watch.ts';
import { timelineHeight } from './frame/areas.ts';
import { harmless } from './kit/text.ts';
import { detailOf } from './screens/events/detail.ts';
import type { SessionOptions } from './session-options.ts';
import { askWorld, factsOf, freeName, jsonText, lineText, samePreview, soughtWords, typedFilter } from './session-parts.ts';
import { SessionTables } from './session-tables.ts';
import { type CaptureFacts, type Command, initialState, type State } from './state.ts';
import { type Action, update } from './update.ts';

/** Work between two looks at the keyboard. */
const SLICE_MS = 8;
/** The longest that a key waits for the one before it to have gone where it goes. */
const ARRIVAL_MS = 100;
/** What may pass before the first rows are shown, found or not. */
const FIRST_SLICE_MS = 30;
/** How often counts, progress and a growing file are looked at. */
const TICK_MS = 100;
const TIMELINE_MS = 1000;
const FACTS_MS = 500;

export class Session {
  readonly #options: SessionOptions;
  readonly #browser: Browser;
  readonly #tables: SessionTables;
  readonly #listeners = new Set<() => void>();
  readonly #ticks: NodeJS.Timeout | null;
  #state: State;
  #turn: NodeJS.Immediate | null = null;
  readonly #growth = new Growth();
  #shownAt = 0;
  /** Number of the event from which on a text is looked for. */
  #soughtFrom = 0;
  /** Rows far away are being read: the selection stays in the middle until all are. */
  #arriving = false;
  #timelineAt = -TIMELINE_MS;
  #factsAt = 0;
  readonly #watch: Watch | null;
  #telling = false;
  #closed = false;

  /** Throws FilterError for a filter that is wrong. */
  constructor(options: SessionOptions) {
    const { capture, context, filter, size, history, follow, on, first = 'events', counting = null } = options;
    this.#options = options;
    this.#browser = new Browser(capture, context, filter, counting);
    if (counting !== null) counting.hear = (news) => this.#told(news);
    const tables = options.tables ?? new ReaderHere(capture, context);
    this.#tables = new SessionTables(tables, { capture, context, apply: (action) => this.#do(action) });
    this.#watch = on === undefined ? null : new Watch(capture, context, on);
    this.#state = initialState(this.#facts(false), size, filter, history, follow);
    this.#browser.goTo(this.#state.follow === 'on' ? Infinity : 0, this.#reach());
    this.#work(FIRST_SLICE_MS, false);
    this.#applyTimeline();
    this.#tables.begin(first, filter, this.#browser.totals.events);
    this.#ticks = context.growing ? setInterval(() => this.#tick(), TICK_MS) : null;
  }

  get state(): State {
    return this.#state;
  }

  /** Calls back, once for any number of changes; gives the way to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispatch(action: Action): void {
    if (action.kind === 'key') this.#arrive();
    const { selected, size } = this.#state;
    this.#do(action);
    const moved = this.#state.selected !== selected;
    if (this.#state.size !== size) this.#applyTimeline();
    this.#browser.preview(typedFilter(this.#state));
    if (moved) this.#leaveSearch();
    if (this.#state.selected !== null && (moved || this.#state.size !== size)) this.#browser.moveTo(this.#state.selected, this.#reach());
    this.#work(SLICE_MS, false);
  }

  /** A key that came glued to one that goes somewhere counts there, not where that began. */
  #arrive(): void {
    if (this.#browser.isOnItsWay) this.#work(ARRIVAL_MS, false);
  }

  close(): void {
    this.#closed = true;
    this.#tables.close();
    this.#options.counting?.close();
    if (this.#ticks !== null) clearInterval(this.#ticks);
    if (this.#turn !== null) clearImmediate(this.#turn);
  }

  #apply(action: Action): readonly Command[] {
    const { state, commands } = update(this.#state, action);
    this.#state = state;
    this.#tell();
    return commands;
  }

  #do(action: Action): void {
    for (const command of this.#apply(action)) this.#perform(command);
  }

  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => {
      this.#telling = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #perform(command: Command): void {
    switch (command.kind) {
      case 'filter':
        this.#filterBy(command.text, command.near);
        break;
      case 'seek':
        this.#seek(command.goal);
        break;
      case 'stop-seeking':
        this.#tables.stop();
        this.#stopSeeking();
        break;
      case 'read-table':
        this.#tables.read(command.question);
        break;
      case 'stop-reading':
        this.#tables.stop();
        break;
      case 'copy':
        this.#copy(command.form);
        break;
      case 'copy-text':
        this.#copied(command.text, command.what);
        break;
      case 'export':
        this.#tables.export(this.#state, command.path);
        break;
      case 'save':
        this.#tables.write({ what: 'stream', path: freeName('stream', 'bin'), filter: command.filter });
        break;
      default:
        askWorld(command, this.#options.world);
    }
  }

  #filterBy(text: string, near: number | null): void {
    const around = this.#state.follow === 'on' ? Infinity : (near ?? 0);
    const notes = this.#browser.filterBy(text, around);
    this.#browser.goTo(around, this.#reach());
    if (text !== '') this.#options.world.remember(text);
    if (notes.length > 0) this.#say(notes.join('; '));
  }

  #seek(goal: Goal): void {
    const { lastNum } = this.#browser;
    this.#soughtFrom = this.#state.selected ?? 0;
    if (goal.to === 'num' && goal.num > lastNum) this.#say(`that is beyond the last event, ${lastNum}`, 'problem');
    else this.#browser.seek(goal, this.#soughtFrom, this.#reach());
  }

  #stopSeeking(): void {
    this.#browser.stopSeeking();
    if (this.#state.searching !== null) this.#apply({ kind: 'searching', text: null });
  }

  /** The selection was moved while something was looked for: that is over, and it is said. */
  #leaveSearch(): void {
    const goal = this.#browser.sought?.to;
    this.#arriving = false;
    this.#stopSeeking();
    if (goal === 'text' || goal === 'gap') this.#say('the search ended where you moved: n looks on from here');
  }

  #say(text: string, kind: 'note' | 'problem' = 'note'): void {
    this.#apply({ kind: 'notice', notice: { kind, text } });
  }

  /** Rows wanted on either side of the selection: a page and what may come before the next look. */
  #reach(): number {
    return 2 * this.#state.size.rows;
  }

  /** Does what is to be done, for a while; the rest, and the counting, follow when the keyboard had its turn. */
  #work(ms: number, count: boolean): void {
    if (this.#closed) return;
    const end = performance.now() + ms;
    const findings = this.#browser.work(() => performance.now() > end, count);
    this.#show(findings);
    if (findings.done || this.#turn !== null) return;
    this.#turn = setImmediate(() => {
      this.#turn = null;
      this.#work(SLICE_MS, true);
    });
  }

  /** Somebody has counted beside. */
  #told(news: CountNews): void {
    if (this.#closed) return;
    this.#browser.told(news);
    this.#work(SLICE_MS, true);
  }

  #show({ list, selected = null, sought, preview, hits = null, done }: Findings): void {
    if (list !== undefined) {
      const moved = this.#arriving || !this.#state.list.rows.some(({ num }) => num === selected);
      this.#arriving = moved && !list.complete;
      this.#apply({ kind: 'list', list, selected, moved });
    }
    const due = performance.now() - this.#shownAt >= TICK_MS;
    if (sought !== undefined) this.#showSought(sought, due);
    if (done || due) this.#showCounts();
    if (preview !== undefined && (done || due) && !samePreview(this.#state.preview, preview)) this.#apply({ kind: 'preview', preview });
    if (hits !== this.#state.hits && (done || due)) this.#apply({ kind: 'hits', hits });
    if (due) this.#shownAt = performance.now();
    this.#readDetail();
  }

  #showSought(sought: NonNullable<Findings['sought']>, due: boolean): void {
    if ('at' in sought) {
      if (due) this.#apply({ kind: 'searching', text: seekingText(sought.goal, sought.at, this.#browser.lastNum) });
      return;
    }
    if (this.#state.searching !== null) this.#apply({ kind: 'searching', text: null });
    const words = soughtWords(sought.goal, this.#soughtFrom, sought.found);
    if (words !== null) this.#say(words);
  }

  #showCounts(): void {
    const { counts } = this.#browser;
    const [first] = this.#state.list.rows;
    const known = this.#state.counts;
    if (known.matches === counts.matches && known.progress === counts.progress && this.#state.list.before !== null) return;
    this.#apply({ kind: 'counts', counts, before: first === undefined ? 0 : this.#browser.countBefore(first.num) });
  }

  /** Reads the selected event in full, where that is shown. */
  #readDetail(): void {
    const { detail, selected } = this.#state;
    if (!detail.open || detail.content?.num === selected) return;
    this.#apply({ kind: 'detail', detail: selected === null ? null : this.#browser.readEvent(selected, detailOf) });
  }

  #copy(form: 'line' | 'json'): void {
    const { selected } = this.#state;
    const text = selected === null ? null : this.#browser.readEvent(selected, form === 'json' ? jsonText : lineText);
    if (text !== null) this.#copied(text, `event ${selected}`);
  }

  #copied(text: string, what: string): void {
    const where = this.#options.world.copy(text.split('\n').map(harmless).join('\n'));
    this.#say(`${what} is ${where}, ${text.length} characters`);
  }

  /** Looks whether the file has grown. */
  #tick(): void {
    if (!this.#growth.isDue()) return;
    const grew = this.#browser.hasGrown();
    this.#growth.add(this.#browser.totals.events);
    if (grew) this.#grown();
    else if (this.#isTold()) this.#applyFacts();
    this.#tables.readAgain(this.#state);
  }

  /** What the header says of the recording has changed though nothing came; a rate that falls, twice a second. */
  #isTold(): boolean {
    const { facts } = this.#state;
    return facts.recording && performance.now() - this.#factsAt >= FACTS_MS && this.#growth.differsFrom(facts);
  }

  #grown(): void {
    const { follow, selected } = this.#state; // as it was: the facts may say that the recording has just ended
    this.#applyFacts();
    if (follow === 'on' || selected === null) this.#browser.follow(this.#reach());
    else this.#browser.moveTo(selected, this.#reach());
    this.#tables.grown();
    this.#watch?.look((num) => this.#do({ kind: 'awaited', num }));
    this.#work(SLICE_MS, true);
  }

  /** Once a second while it grows; a low screen does not show it. */
  #applyTimeline(): void {
    const now = performance.now();
    if (now - this.#timelineAt < TIMELINE_MS || timelineHeight(this.#state.size) === 0) return;
    this.#timelineAt = now;
    this.#apply({ kind: 'timeline', timeline: this.#browser.timeline });
  }

  #applyFacts(): void {
    this.#factsAt = performance.now();
    this.#applyTimeline();
    this.#apply({ kind: 'facts', facts: this.#facts(this.#state.facts.places) });
  }

  #facts(placesBefore: boolean): CaptureFacts {
    const { capture, context, file, unsaved = false } = this.#options;
    return factsOf({ capture, context, file, unsaved }, this.#browser.totals, this.#growth, placesBefore);
  }
}
