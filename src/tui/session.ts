/** One screen at work: holds the state, reads what it needs from the capture, and does what updates ask for. */
import { compileFilter } from '../filter/compile.ts';
import { outputTime } from '../filter/fields/evt.ts';
import { type CaptureContext, EventView } from '../filter/view.ts';
import { DEFAULT_FORMAT, LineFormat } from '../output/format.ts';
import { JsonFormat } from '../output/json.ts';
import type { CaptureReader } from '../store/reader.ts';
import { type Detail, detailOf } from './detail.ts';
import { type Match, Matches } from './matches.ts';
import { RowWindow } from './row-window.ts';
import { type Row, rowOf } from './rows.ts';
import { notFoundText, type Progress, seekGoal } from './seek.ts';
import { type CaptureFacts, type Command, type Goal, initialState, type Size, type State } from './state.ts';
import { countText, harmless } from './text.ts';
import { type Action, update } from './update.ts';

/** What a session cannot do by itself. */
export interface World {
  copy(text: string): void;
  suspend(): void;
  quit(): void;
  /** A filter was used. */
  remember(filter: string): void;
}

export interface SessionOptions {
  readonly capture: CaptureReader;
  readonly context: CaptureContext;
  /** As the header shows it. */
  readonly file: string;
  readonly filter: string;
  readonly history: readonly string[];
  readonly size: Size;
  readonly world: World;
}

/** Work between two looks at the keyboard. */
const SLICE_MS = 8;
/** What may pass before the first rows are shown, found or not. */
const FIRST_SLICE_MS = 30;
/** How often counts, progress and a growing file are looked at. */
const TICK_MS = 100;
const KEPT_ROWS = 4096;

export class Session {
  readonly #options: SessionOptions;
  readonly #view: EventView;
  readonly #rows = new Map<number, Row>();
  readonly #listeners = new Set<() => void>();
  #state: State;
  #matches: Matches;
  #window: RowWindow;
  #filling: Generator<void> | null = null;
  #seeking: { readonly goal: Goal; readonly steps: Generator<Progress, number | null> } | null = null;
  #turn: NodeJS.Immediate | null = null;
  #ticks: NodeJS.Timeout | null = null;
  /** The state of the file that is on the screen. */
  #revision: number;
  #shownAt = 0;
  #told = true;
  #closed = false;

  /** Throws FilterError for a filter that is wrong. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.#view = new EventView(options.context);
    this.#matches = this.#matchesOf(options.filter);
    this.#revision = this.#matches.revision;
    this.#state = initialState(this.#facts(false), options.size, options.filter, options.history);
    this.#window = this.#windowAt(this.#state.follow === 'on' ? Infinity : 0);
    this.#fill();
    this.#work(FIRST_SLICE_MS, false);
    if (options.context.growing) this.#ticks = setInterval(() => this.#tick(), TICK_MS);
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
    const before = this.#state;
    for (const command of this.#apply(action)) this.#perform(command);
    if (this.#state.selected !== before.selected) this.#seeking = null;
    if (this.#state.selected !== before.selected || this.#state.size !== before.size) this.#follow();
    this.#work(SLICE_MS, false);
  }

  close(): void {
    this.#closed = true;
    if (this.#ticks !== null) clearInterval(this.#ticks);
    if (this.#turn !== null) clearImmediate(this.#turn);
  }

  #apply(action: Action): readonly Command[] {
    const { state, commands } = update(this.#state, action);
    this.#state = state;
    this.#tell();
    return commands;
  }

  #tell(): void {
    if (!this.#told) return;
    this.#told = false;
    queueMicrotask(() => {
      this.#told = true;
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
        this.#seeking = null;
        this.#apply({ kind: 'searching', text: null });
        break;
      case 'copy':
        this.#copy(command.form);
        break;
      case 'suspend':
        this.#options.world.suspend();
        break;
      case 'quit':
        this.#options.world.quit();
        break;
    }
  }

  #matchesOf(filter: string): Matches {
    const { capture, context } = this.#options;
    return new Matches(capture, compileFilter(filter, context), context.growing);
  }

  #windowAt(near: number): RowWindow {
    return new RowWindow(this.#matches, near, (match) => this.#rowAt(match));
  }

  #filterBy(text: string, near: number | null): void {
    const { context, world } = this.#options;
    const { notes } = compileFilter(text, context);
    this.#matches = this.#matchesOf(text);
    this.#seeking = null;
    this.#goTo(near ?? 0);
    if (text !== '') world.remember(text);
    if (notes.length > 0) this.#apply({ kind: 'notice', notice: { kind: 'note', text: notes.join('; ') } });
  }

  #seek(goal: Goal): void {
    const steps = seekGoal(this.#matches, goal, this.#state.selected ?? 0, (match) => rowText(this.#rowAt(match)));
    this.#seeking = { goal, steps };
  }

  /** Reads a window around an event, with a list of its own. */
  #goTo(num: number): void {
    this.#window = this.#windowAt(num);
    this.#fill();
  }

  /** The selection moved inside the window: more rows are wanted on that side. */
  #follow(): void {
    if (this.#state.selected === null) return;
    this.#window.moveTo(this.#state.selected);
    this.#fill();
  }

  #fill(): void {
    this.#filling = this.#window.fill(2 * this.#state.size.rows);
  }

  /** Does what is to be done, for a while; the rest, and the counting, follow when the keyboard had its turn. */
  #work(ms: number, count: boolean): void {
    if (this.#closed) return;
    const end = performance.now() + ms;
    const late = () => performance.now() > end;
    const counting = this.#matches.read(() => {
      this.#stepSeek(late);
      this.#stepFill(late);
      return count ? this.#stepCount(late) : this.#matches.progress < 1;
    });
    this.#readDetail();
    this.#showCounts(!counting);
    const more = counting || this.#filling !== null || this.#seeking !== null;
    if (more && this.#turn === null) {
      this.#turn = setImmediate(() => {
        this.#turn = null;
        this.#work(SLICE_MS, true);
      });
    }
  }

  #stepSeek(late: () => boolean): void {
    if (this.#seeking === null) return;
    const { goal, steps } = this.#seeking;
    let step = steps.next();
    while (step.done !== true && !late()) step = steps.next();
    if (step.done !== true) {
      this.#showSearching(goal, step.value);
      return;
    }
    this.#seeking = null;
    if (this.#state.searching !== null) this.#apply({ kind: 'searching', text: null });
    if (step.value === null) this.#apply({ kind: 'notice', notice: { kind: 'note', text: notFoundText(goal) } });
    else this.#goTo(step.value);
  }

  #stepFill(late: () => boolean): void {
    if (this.#filling === null) return;
    let step = this.#filling.next();
    while (step.done !== true && !late()) step = this.#filling.next();
    const complete = step.done === true;
    if (complete) this.#filling = null;
    const selected = this.#window.selected?.num ?? null;
    const list = this.#window.list(complete);
    const moved = !this.#state.list.rows.some(({ num }) => num === selected);
    this.#apply({ kind: 'list', list, selected, moved });
  }

  /** Counts on; false: all is counted. */
  #stepCount(late: () => boolean): boolean {
    while (!late()) if (!this.#matches.countOne()) return false;
    return true;
  }

  #showSearching(goal: Goal, { num }: Progress): void {
    if (performance.now() - this.#shownAt < TICK_MS) return;
    const what = goal.to === 'text' ? goal.text : goal.to === 'gap' ? 'a pause' : 'an event';
    this.#apply({ kind: 'searching', text: `looking for ${what}: event ${countText(num)} of ${countText(this.#matches.lastNum)}` });
    this.#shownAt = performance.now();
  }

  #showCounts(done: boolean): void {
    const { total: matches, progress } = this.#matches;
    const { counts, list } = this.#state;
    const first = list.rows[0];
    const known = counts.matches === matches && counts.progress === progress && (list.before !== null || first === undefined);
    if (known || (!done && performance.now() - this.#shownAt < TICK_MS)) return;
    this.#shownAt = performance.now();
    const before = first === undefined ? 0 : this.#matches.read(() => this.#matches.countBefore(first.num));
    this.#apply({ kind: 'counts', counts: { matches, progress }, before });
  }

  /** Reads the selected event in full, where that is shown. */
  #readDetail(): void {
    const { detail, selected } = this.#state;
    if (!detail.open || detail.content?.num === selected) return;
    this.#apply({ kind: 'detail', detail: selected === null ? null : this.#onEvent(selected, detailOf) });
  }

  #copy(form: 'line' | 'json'): void {
    const { selected } = this.#state;
    if (selected === null) return;
    const text = this.#onEvent(selected, (view) =>
      form === 'json' ? new JsonFormat(null, 'base64').line(view) : new LineFormat(DEFAULT_FORMAT).line(view, outputTime(view, 'a', null)),
    );
    if (text === null) return;
    this.#options.world.copy(harmless(text));
    this.#apply({
      kind: 'notice',
      notice: { kind: 'note', text: `event ${selected} is in the terminal’s clipboard, ${text.length} characters` },
    });
  }

  /** Reads something off one event; null where it does not match. */
  #onEvent<T extends Detail | string>(num: number, read: (view: EventView) => T): T | null {
    return this.#matches.read(() => {
      for (const match of this.#matches.forward(num - 1)) {
        if (match !== null) return match.num === num ? read(this.#view.at(match.chunk, match.i)) : null;
      }
      return null;
    });
  }

  #rowAt(match: Match): Row {
    const known = this.#rows.get(match.num);
    if (known !== undefined) return known;
    const row = rowOf(this.#view.at(match.chunk, match.i));
    if (this.#rows.size >= KEPT_ROWS) this.#rows.clear();
    this.#rows.set(match.num, row);
    return row;
  }

  /** Looks whether the file has grown. */
  #tick(): void {
    this.#matches.read(() => {});
    if (this.#matches.revision === this.#revision) return;
    this.#revision = this.#matches.revision;
    this.#rows.clear();
    this.#apply({ kind: 'facts', facts: this.#facts(this.#state.facts.places) });
    if (this.#state.follow === 'on') this.#goTo(Infinity);
    else {
      this.#window.grown();
      this.#fill();
    }
    this.#work(SLICE_MS, true);
  }

  /** `places`: some container was seen before. */
  #facts(placesBefore: boolean): CaptureFacts {
    const { capture, file } = this.#options;
    const { dims, epoch, meta } = capture;
    let lost = 0;
    for (const { count } of dims.losses.all()) lost += count;
    const places = placesBefore || [...dims.processes.all()].some(({ container }) => container !== '');
    const recording = this.#options.context.growing && meta.state !== 'complete';
    return { file, epoch, end: this.#matches.endTime, events: this.#matches.events, lost, places, recording };
  }
}

/** What a search for text sees of a row. */
function rowText({ place, process, pid, type, summary: { before, name, after } }: Row): string {
  return [place?.text, process?.text, pid?.text, type.text, before + name + after].join(' ');
}
