/** All that the screen shows, as one value. It changes only through update.ts. */
import type { OwnCost } from '../capture/own-cost.ts';
import type { Definitions } from '../filter/compile.ts';
import type { Completion, ValuesOf } from '../filter/complete.ts';
import type { FilterError } from '../filter/error.ts';
import type { Counts } from './data/browser.ts';
import type { HitCounts } from './data/finder.ts';
import type { ListWindow } from './data/row-window.ts';
import type { Goal } from './data/seek.ts';
import type { Line } from './kit/line-editor.ts';
import type { Size } from './kit/terminal.ts';
import type { ColourRule } from './screens/colouring.ts';
import type { TimeMode } from './screens/events/columns.ts';
import type { Detail } from './screens/events/detail.ts';
import type { ListedRow } from './screens/events/rows.ts';
import type { Question } from './screens/screen.ts';
import type { TableState } from './screens/table/state.ts';

/** What is known of the capture as a whole. */
export interface CaptureFacts {
  readonly file: string;
  /** ns since 1970 of time zero. */
  readonly epoch: bigint;
  /** ns: time of the last event. */
  readonly end: number;
  readonly events: number;
  readonly lost: number;
  /** Blind spots that are not usual; the screen of losses lists them. */
  readonly blind: number;
  /** Some process ran in a container. */
  readonly places: boolean;
  /** Its recorder has not closed it: more may come. */
  readonly recording: boolean;
  /** Its probe's stream ended without a goodbye: an unknown number of events is missing at its end. */
  readonly brokeOff: boolean;
  /** Events a second, lately; null: nothing is being recorded, or it is too early to say. */
  readonly rate: number | null;
  /** Whole seconds for which a recording brought nothing; 0: it does. */
  readonly quietSeconds: number;
  /** What its recorder costs by now, while it records; null: not known. */
  readonly recorder?: OwnCost | null;
  /** Leaving throws the recording away, unless it is kept. */
  readonly unsaved: boolean;
  /** Named filters and lists. */
  readonly definitions?: Definitions;
  /** What a field's values are in the capture, for completion. */
  readonly valuesIn?: ValuesOf;
}

export type PromptPurpose = 'filter' | 'find' | 'goto' | 'export';

/** A line that is being typed. */
export interface Prompt {
  readonly purpose: PromptPurpose;
  readonly line: Line;
  /** What is wrong with the filter as it stands. */
  readonly problem: FilterError | null;
  /** Enter was pressed though something is wrong: say it louder. */
  readonly refused: boolean;
  readonly completion: Completion;
  /** Candidate that Tab put in; null: none yet. */
  readonly choice: number | null;
  /** Place in the history, counted from its end; 0: the line itself. */
  readonly recalled: number;
  /** The line as it was before the history was looked at. */
  readonly draft: string;
}

export interface Preview extends Counts {
  readonly text: string;
}

export interface DetailPane {
  readonly open: boolean;
  /** Keys move in the pane and not in the list. */
  readonly focused: boolean;
  /** First line shown. */
  readonly top: number;
  /** Index of the field that is focused, among those that a filter can be made of. */
  readonly item: number;
  /** How payloads are shown. */
  readonly form: 'hex' | 'text';
  /** Null until it was read. */
  readonly content: Detail | null;
}

/** A screen that was left, to which Backspace goes back. */
export interface Visited {
  readonly filter: string;
  /** Number of the selected event. */
  readonly selected: number | null;
  /** Null: the list of events. */
  readonly table: TableState | null;
}

/** How events, losses and Kubernetes events are spread over the capture's time: equal slices. */
export interface Timeline {
  readonly events: readonly number[];
  readonly losses: readonly boolean[];
  readonly kube: readonly boolean[];
}

export interface Notice {
  readonly text: string;
  readonly kind: 'note' | 'problem';
}

/** A key that waits for another: for the letter of a mark, or for whether a recording is kept. */
export type Pending = 'mark' | 'jump' | 'quit';

/** Text over the whole screen: what is shown, and the keys. `top`: its first line that is shown. */
export interface Page {
  readonly kind: 'help';
  readonly top: number;
}

export interface State {
  readonly facts: CaptureFacts;
  /** No key was pressed yet. */
  readonly fresh: boolean;
  readonly size: Size;
  /** The screen that is shown; null: the list of events. */
  readonly table: TableState | null;
  readonly filter: string;
  readonly visited: readonly Visited[];
  /** Screens that were gone back from, the next one last. */
  readonly undone: readonly Visited[];
  /** Numbers of events by the letter that marks them; ' is where the last jump began. */
  readonly marks: Readonly<Record<string, number>>;
  readonly pending: Pending | null;
  /** ns: the time from which times are shown; null: the capture's start. */
  readonly reference: number | null;
  readonly timeline: Timeline;
  /** Filters that were used, oldest first. */
  readonly history: readonly string[];
  readonly list: ListWindow;
  readonly counts: Counts;
  /** Numbers of the selected event and of the first one on the screen; null: there is none. */
  readonly selected: number | null;
  readonly top: number | null;
  /** Title of the column whose cell is focused; it may not be shown at this width. */
  readonly column: string;
  readonly timeMode: TimeMode;
  readonly follow: 'off' | 'on' | 'paused';
  /** Matches when following was paused; null: they were not all counted, and will be taken when they are. */
  readonly matchesAtPause: number | null;
  readonly detail: DetailPane;
  readonly prompt: Prompt | null;
  /** What the filter that is being typed lets through, as far as that is counted; null: nothing is counted. */
  readonly preview: Preview | null;
  /** What covers the list; null: nothing does. */
  readonly page: Page | null;
  /** Which rows stand out. */
  readonly colours: readonly ColourRule[];
  /** The text last looked for. */
  readonly find: string;
  /** Texts that were looked for, oldest first. */
  readonly finds: readonly string[];
  /** How many rows have it; null: nothing was found. */
  readonly hits: HitCounts | null;
  /** A search that is under way, in words. */
  readonly searching: string | null;
  readonly notice: Notice | null;
}

/** What an update asks of the world outside. */
export type Command =
  | { readonly kind: 'filter'; readonly text: string; readonly near: number | null }
  | { readonly kind: 'seek'; readonly goal: Goal }
  | { readonly kind: 'stop-seeking' }
  /** The rows of a screen. */
  | { readonly kind: 'read-table'; readonly question: Question }
  | { readonly kind: 'stop-reading' }
  | { readonly kind: 'copy'; readonly form: 'line' | 'json' }
  /** What is shown, in words. */
  | { readonly kind: 'copy-text'; readonly text: string; readonly what: string }
  /** What is shown, into a file of the kind that its name says. */
  | { readonly kind: 'export'; readonly path: string }
  /** The bytes of a stream, into a file. */
  | { readonly kind: 'save'; readonly filter: string }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'suspend' }
  /** `keep`: the recording, which is nowhere else. */
  | { readonly kind: 'quit'; readonly keep: boolean };

export interface Update {
  readonly state: State;
  readonly commands: readonly Command[];
}

/** Nothing was read yet. */
export const EMPTY_LIST: ListWindow = { rows: [], before: 0, complete: false };

/** `follow`: stay at the end of what is being recorded. */
export function initialState(facts: CaptureFacts, size: Size, filter: string, history: readonly string[], follow: boolean): State {
  return {
    facts, fresh: true, size, filter, history, table: null, visited: [], undone: [], marks: {}, pending: null, reference: null,
    timeline: { events: [], losses: [], kube: [] }, list: EMPTY_LIST, counts: { matches: 0, progress: 0 }, selected: null, top: null, column: 'PROCESS',
    timeMode: 'rel', follow: facts.recording ? (follow ? 'on' : 'paused') : 'off', matchesAtPause: null,
    detail: { open: false, focused: false, top: 0, item: 0, form: 'hex', content: null },
    prompt: null, preview: null, page: null, colours: [], find: '', finds: [], hits: null, searching: null, notice: null,
  }; // biome-ignore format: a row
}

/** Which keys count now: the one place that decides. */
export type Context = 'list' | 'detail' | 'prompt' | 'page' | 'table';

export function contextOf({ prompt, page, detail, table }: State): Context {
  if (prompt !== null) return 'prompt';
  if (page !== null) return 'page';
  if (table !== null) return 'table';
  return detail.open && detail.focused ? 'detail' : 'list';
}

/** Following is paused here: what matches from now on is new. */
export function paused(state: State): State {
  const { matches, progress } = state.counts;
  return { ...state, follow: 'paused', matchesAtPause: progress === 1 ? matches : null };
}

/** Going somewhere else pauses following, as it does in less. */
export function unfollowed(state: State): State {
  return state.follow === 'on' ? paused(state) : state;
}

export function selectedRow({ list, selected }: State): ListedRow | null {
  return list.rows.find(({ num }) => num === selected) ?? null;
}
