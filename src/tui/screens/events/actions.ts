/** What keys do: each takes the state and gives the next one, and what it asks for. */

import { written } from '../../../filter/literal.ts';
import { type Clause, type ClauseUse, withClause } from '../../data/clause.ts';
import type { Goal } from '../../data/seek.ts';
import { areasOf, lookOf } from '../../frame/areas.ts';
import { applyFilter, find } from '../../prompt.ts';
import { type Command, type DetailPane, type Pending, paused, type State, selectedRow, type Update, unfollowed } from '../../state.ts';
import { toggledRule } from '../colouring.ts';
import { backTo, openFiltered, toEvents } from '../table/actions.ts';
import { focusedIndex, placedColumns, TIME_MODES } from './columns.ts';
import { detailLines, fieldItems, focusedItem, lineOfItem } from './detail.ts';

export type Act = (state: State) => Update;

export function only(state: State): Update {
  return { state, commands: [] };
}

export function asking(state: State, command: Command): Update {
  return { state, commands: [command] };
}

export function noticed(state: State, text: string): Update {
  return only({ ...state, notice: { kind: 'note', text } });
}

/** Moves the selection by rows, as far as rows are known. */
export const move =
  (rows: number | 'page' | 'half', direction: 1 | -1): Act =>
  (state) => {
    const { list, selected } = state;
    const index = list.rows.findIndex(({ num }) => num === selected);
    if (index < 0) return only(state);
    const { height } = areasOf(state).list;
    const by = rows === 'page' ? Math.max(1, height - 1) : rows === 'half' ? Math.max(1, height >> 1) : rows;
    const target = list.rows[Math.max(0, Math.min(list.rows.length - 1, index + direction * by))]!;
    const next = { ...state, selected: target.num };
    return only(target.num !== selected ? unfollowed(next) : next);
  };

export const seek =
  (goal: Goal): Act =>
  (state) =>
    asking(goal.to === 'last' ? followed(state) : unfollowed(state), { kind: 'seek', goal });

function followed(state: State): State {
  return state.follow === 'off' ? state : { ...state, follow: 'on' };
}

export const findAgain =
  (direction: 1 | -1): Act =>
  (state) =>
    find(state, state.find, direction);

export const moveColumn =
  (direction: 1 | -1): Act =>
  (state) => {
    const shown = placedColumns(lookOf(state));
    const next = shown[focusedIndex(shown, state.column) + direction];
    return only(next === undefined ? state : { ...state, column: next.column.title });
  };

/** The focused field of the detail. */
export const moveItem =
  (direction: 1 | -1): Act =>
  (state) => {
    const { detail } = areasOf(state);
    const { content, item, top } = state.detail;
    if (content === null || detail === null) return only(state);
    const next = Math.max(0, Math.min(fieldItems(content).length - 1, item + direction));
    const focused = focusedItem(content, next);
    const line = focused === null ? top : lineOfItem(content, focused, detail.width - 1);
    return only(withDetail(state, { item: next, top: Math.max(Math.min(top, line), line - detail.height + 1) }));
  };

/** Filters by the focused field of the detail. */
export const filterByItem =
  (use: ClauseUse): Act =>
  (state) => {
    const { content, item } = state.detail;
    const focused = content === null ? null : focusedItem(content, item);
    if (use === 'add' && state.filter === '') return noticed(state, NOTHING_TO_ADD_TO);
    return filterBy(state, focused?.clause ?? 'this event has no field to filter by', use);
  };

const NOTHING_TO_ADD_TO = 'there is no filter to add to: every event is shown';

/** Filters by the focused cell. */
export const filterByCell =
  (use: ClauseUse): Act =>
  (state) => {
    const row = selectedRow(state);
    const shown = placedColumns(lookOf(state));
    const focused = shown[focusedIndex(shown, state.column)];
    if (row === null || focused === undefined) return only(state);
    if (use === 'add' && state.filter === '') return noticed(state, NOTHING_TO_ADD_TO);
    return filterBy(state, focused.column.clause(row), use);
  };

/** Rows like the focused cell stand out, or no more. */
export const colourByCell: Act = (state) => {
  const row = selectedRow(state);
  const shown = placedColumns(lookOf(state));
  const focused = shown[focusedIndex(shown, state.column)];
  return row === null || focused === undefined ? only(state) : coloured(state, focused.column.clause(row));
};

/** A text in place of a clause says why there is none. */
export function coloured(state: State, clause: Clause | string): Update {
  if (typeof clause === 'string') return noticed(state, clause);
  if (clause.operator !== '=') return noticed(state, 'a measure has no colour: focus a name');
  const colours = toggledRule(state.colours, clause);
  const words = `${clause.field}=${clause.value} has ${colours.length < state.colours.length ? 'no colour any more' : 'a colour: c again takes it off'}`;
  return noticed({ ...state, colours }, words);
}

export const noColours: Act = (state) => noticed({ ...state, colours: [] }, 'no row has a colour of its own any more');

/** Keeps the events of the selected one's descriptor: a file, or a connection as seen from both ends. */
export const filterByFd: Act = (state) => {
  const name = selectedRow(state)?.fdName ?? null;
  return filterBy(state, name === null ? 'this event has no descriptor' : { field: 'fd.name', operator: '=', value: name }, 'keep');
};

/** A text in place of a clause says why there is none. */
function filterBy(state: State, clause: Clause | string, use: ClauseUse): Update {
  if (typeof clause === 'string') return noticed(state, clause);
  const filter = withClause(state.filter, clause, use);
  return filter === state.filter ? noticed(state, 'the filter says so already') : applyFilter(state, filter);
}

/** From a DNS query to its answer, and from the answer to its query. */
export const goToPartner: Act = (state) => {
  const partner = selectedRow(state)?.partner ?? null;
  return partner === null
    ? noticed(state, 'this event is no DNS query that was answered, and no answer')
    : seek({ to: 'num', num: partner })(state);
};

/** Closes what is open, one thing at a time; then goes back to the filter before. */
export const back: Act = (state) => {
  if (state.searching !== null) return asking(state, { kind: 'stop-seeking' });
  if (state.detail.focused) return only(withDetail(state, { focused: false }));
  if (state.detail.open) return only(withDetail(state, { open: false }));
  return backTo(state);
};

export const toggleDetail: Act = (state) => only(withDetail(state, { open: !state.detail.open, focused: false }));

export const focusDetail: Act = (state) => only(withDetail(state, { open: true, focused: !state.detail.focused }));

export const toggleForm: Act = (state) => only(withDetail(state, { open: true, form: state.detail.form === 'hex' ? 'text' : 'hex' }));

function withDetail(state: State, change: Partial<DetailPane>): State {
  return { ...state, detail: { ...state.detail, ...change } };
}

export const scrollDetail =
  (lines: number | 'page' | 'all', direction: 1 | -1): Act =>
  (state) => {
    const { detail } = areasOf(state);
    const { content, form, top } = state.detail;
    if (detail === null || content === null) return only(state);
    const last = Math.max(0, detailLines(content, form, detail.width).length - detail.height);
    return only(withDetail(state, { top: scrolledTo(top, lines, direction, detail.height, last) }));
  };

/** The page's length is not known here: update.ts keeps the place inside it. */
export const scrollPage =
  (lines: number | 'page', direction: 1 | -1): Act =>
  (state) => {
    const by = direction * (lines === 'page' ? state.size.rows - 3 : lines);
    return only(state.page === null ? state : { ...state, page: { ...state.page, top: state.page.top + by } });
  };

function scrolledTo(top: number, lines: number | 'page' | 'all', direction: 1 | -1, height: number, last: number): number {
  const by = lines === 'all' ? Infinity : lines === 'page' ? height - 1 : lines;
  return Math.max(0, Math.min(last, top + direction * by));
}

/** Waits for a mark's letter. */
export const pend =
  (pending: Pending): Act =>
  (state) =>
    only({ ...state, pending });

/** The letter has come: marks the selected event, or goes to the marked one. */
export function withLetter(state: State, key: string): Update {
  const { pending, marks, selected } = state;
  const next = { ...state, pending: null };
  if (pending === 'quit') return answered(next, key);
  if ([...key].length !== 1) return noticed(next, 'no mark: a letter names one');
  if (pending === 'mark')
    return selected === null
      ? only(next)
      : noticed({ ...next, marks: { ...marks, [key]: selected } }, `event ${selected} is mark ${key}: ' ${key} comes back`);
  const num = marks[key];
  if (num === undefined) return noticed(next, `there is no mark ${key}`);
  const from = selected === null ? marks : { ...marks, "'": selected };
  return goToNum({ ...next, marks: from }, num);
}

const LEAVING: ReadonlySet<string> = new Set(['n', 'N', 'q', 'C-c', 'F10']);

/** Whether the recording is kept: anything but yes and no stays. */
function answered(state: State, key: string): Update {
  if (key === 'y' || key === 'Y') return asking(state, { kind: 'quit', keep: true });
  return LEAVING.has(key) ? asking(state, { kind: 'quit', keep: false }) : noticed(state, 'still recording');
}

/** Goes to an event; from a table to the list, with the filter there is. */
export function goToNum(state: State, num: number): Update {
  return state.table === null ? seek({ to: 'num', num })(state) : toEvents(state, state.filter, num);
}

/** Times count from the selected event on; again on it: from the capture's start. */
export const setReference: Act = (state) => {
  const time = selectedRow(state)?.time ?? null;
  if (time === null) return only(state);
  const reference = state.reference === time ? null : time;
  return noticed(
    { ...state, reference, timeMode: 'rel' },
    reference === null ? 'times count from the capture’s start' : 'times count from this event: T again ends it',
  );
};

/** What went through the selected event's descriptor. */
export const echoOfEvent: Act = (state) => {
  const name = selectedRow(state)?.fdName ?? null;
  return name === null ? noticed(state, 'this event has no descriptor') : openFiltered(state, 'stream', `fd.name=${written(name)}`);
};

export const nextTimeMode: Act = (state) => {
  const timeMode = TIME_MODES[(TIME_MODES.indexOf(state.timeMode) + 1) % TIME_MODES.length]!;
  return only({ ...state, timeMode });
};

export const togglePause: Act = (state) =>
  state.follow === 'on' ? only(paused(state)) : asking({ ...state, follow: 'on' }, { kind: 'seek', goal: { to: 'last' } });
