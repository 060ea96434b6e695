/** The one reducer: a state and what happened → the next state, and what is asked of the world. */

import type { Counts } from './data/browser.ts';
import type { HitCounts } from './data/finder.ts';
import type { ListWindow } from './data/row-window.ts';
import { areasOf, centred, pageHeight, scrolled } from './frame/areas.ts';
import { helpLines } from './frame/help.ts';
import { keyUpdate } from './keymap.ts';
import type { Size } from './kit/terminal.ts';
import { pasteInto } from './prompt.ts';
import { goToNum } from './screens/events/actions.ts';
import type { Detail } from './screens/events/detail.ts';
import { type Question, type ScreenTable, sameQuestion } from './screens/screen.ts';
import { entered, openScreen } from './screens/table/actions.ts';
import { emptyTable, type TableState, withTable } from './screens/table/state.ts';
import { tableHeight } from './screens/table/view.ts';
import {
  type CaptureFacts,
  contextOf,
  type Notice,
  type Preview,
  paused,
  type State,
  type Timeline,
  type Update,
  unfollowed,
} from './state.ts';

export type Action =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'resize'; readonly size: Size }
  /** The rows around the selected event, or around one that was gone to. */
  | { readonly kind: 'list'; readonly list: ListWindow; readonly selected: number | null; readonly moved: boolean }
  | { readonly kind: 'counts'; readonly counts: Counts; readonly before: number | null }
  | { readonly kind: 'facts'; readonly facts: CaptureFacts }
  | { readonly kind: 'timeline'; readonly timeline: Timeline }
  | { readonly kind: 'detail'; readonly detail: Detail | null }
  /** The rows of a screen, or why there are none. */
  | { readonly kind: 'table'; readonly question: Question; readonly table: ScreenTable | string }
  /** The event has come at which following was to stop. */
  | { readonly kind: 'awaited'; readonly num: number }
  /** A screen is opened without a key. */
  | { readonly kind: 'open'; readonly id: string }
  /** What is shown first where it has rows, if no key was pressed before it was read. */
  | { readonly kind: 'first'; readonly question: Question; readonly table: ScreenTable }
  | { readonly kind: 'preview'; readonly preview: Preview }
  /** How many rows have the text that was found. */
  | { readonly kind: 'hits'; readonly hits: HitCounts | null }
  | { readonly kind: 'searching'; readonly text: string | null }
  | { readonly kind: 'notice'; readonly notice: Notice };

export function update(state: State, action: Action): Update {
  const { state: next, commands } = step(state, action);
  return { state: kept(next), commands };
}

function step(state: State, action: Action): Update {
  switch (action.kind) {
    case 'key':
      return keyUpdate({ ...state, notice: null, fresh: false }, action.key);
    case 'paste':
      return only(pasteInto({ ...state, notice: null }, action.text));
    case 'resize':
      return only({ ...state, size: action.size });
    case 'list':
      return only(listed(state, action));
    case 'counts':
      return only(counted(state, action));
    case 'facts':
      return only({ ...state, facts: action.facts, follow: action.facts.recording ? state.follow : 'off' });
    case 'timeline':
      return only({ ...state, timeline: action.timeline });
    case 'detail':
      return only({ ...state, detail: { ...state.detail, content: action.detail, top: 0 } });
    case 'table':
      return only(tableRead(state, action));
    case 'awaited':
      return awaited(state, action.num);
    case 'open':
      return openScreen(state, action.id);
    case 'first':
      return only(firstShown({ ...state, searching: null }, action));
    case 'preview':
      return only({ ...state, preview: action.preview });
    case 'hits':
      return only({ ...state, hits: action.hits });
    case 'searching':
      return only({ ...state, searching: action.text });
    case 'notice':
      return only({ ...state, notice: action.notice });
  }
}

function only(state: State): Update {
  return { state, commands: [] };
}

function counted(state: State, { counts, before }: Extract<Action, { kind: 'counts' }>): State {
  const next = { ...state, counts, list: { ...state.list, before } };
  return state.follow === 'paused' && state.matchesAtPause === null ? paused(next) : next;
}

/** An answer to a question that is no longer asked is nobody's. */
function tableRead(state: State, { question, table }: Extract<Action, { kind: 'table' }>): State {
  const shown = state.table;
  if (shown === null || !sameQuestion(shown.question, question)) return state;
  return { ...state, table: typeof table === 'string' ? { ...shown, problem: table } : withTable(shown, table) };
}

/** It is marked. Who looks at something else is told, and not led away. */
function awaited(state: State, num: number): Update {
  const marked = { ...state, marks: { ...state.marks, [AWAITED]: num } };
  const notice = { kind: 'note', text: `event ${num} is what --on waits for: ' ${AWAITED} goes there` } as const;
  if (state.follow !== 'on' || contextOf(state) !== 'list') return only({ ...marked, notice });
  const { state: next, commands } = goToNum(unfollowed(marked), num);
  return { state: { ...next, notice }, commands };
}

/** The letter of its mark. */
const AWAITED = 'o';

/** Who is at work already is told and not led away. */
function firstShown(state: State, { question, table }: Extract<Action, { kind: 'first' }>): State {
  if (table.rows.length === 0) return state;
  if (state.fresh) return entered(state, withTable(emptyTable(question), table));
  const many = table.rows.length === 1 ? 'something' : `${table.rows.length} things`;
  return { ...state, notice: { kind: 'note', text: `${many} went wrong or took long: w says why, :findings lists them` } };
}

function listed(state: State, { list, selected, moved }: Extract<Action, { kind: 'list' }>): State {
  const index = list.rows.findIndex(({ num }) => num === selected);
  const { height } = areasOf(state).list;
  if (state.follow === 'on' && index >= 0) return { ...state, list, selected, top: list.rows[scrolled(list.rows, 0, index, height)]!.num };
  const seen = list.rows.some(({ num }) => num === state.top) && !moved;
  const top = seen || index < 0 ? state.top : (list.rows[centred(list.rows, index, height)]?.num ?? null);
  return { ...state, list, selected, top };
}

/** What holds after every step: the selection is on the screen, a page is not scrolled away. */
function kept(state: State): State {
  const { list, size } = state;
  const page =
    state.page === null
      ? null
      : {
          ...state.page,
          top: Math.max(0, Math.min(state.page.top, helpLines(undefined, size.columns, state.table).length - pageHeight(size))),
        };
  if (state.table !== null) return { ...state, page, table: withTop(state, state.table) };
  const selected = list.rows.findIndex(({ num }) => num === state.selected);
  if (selected < 0) return { ...state, page };
  const before = list.rows.findIndex(({ num }) => num === state.top);
  const { height } = areasOf(state).list;
  const last = scrolled(list.rows, 0, list.rows.length - 1, height); // from here on the list ends with the screen
  const top = scrolled(list.rows, Math.max(0, Math.min(before, last)), selected, height);
  return { ...state, page, top: list.rows[top]!.num };
}

/** The selected row of a table is on the screen. */
function withTop(state: State, shown: TableState): TableState {
  const height = tableHeight(state, shown);
  const top = Math.max(Math.min(shown.top, shown.selected), shown.selected - height + 1, 0);
  return top === shown.top ? shown : { ...shown, top };
}
