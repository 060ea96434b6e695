/** What keys do on a screen that is a table. */

import { type ClauseUse, withClause } from '../../data/clause.ts';
import type { State, Update, Visited } from '../../state.ts';
import { type Act, asking, coloured, noticed, only } from '../events/actions.ts';
import { screenNamed } from '../index.ts';
import { clauseOf, type Question, type ScreenKey, type ScreenSpec, type StreamForm } from '../screen.ts';
import { cellText } from './cell.ts';
import { areaOf, emptyTable, foundIn, matchesIn, movedTo, sortedBy, type TableState } from './state.ts';
import { tableHeight } from './view.ts';

/** Opens a screen with the filter there is; `event`: about that event. */
export function openScreen(state: State, id: string, event: number | null = null): Update {
  if (id === 'events') return state.table === null ? only(state) : toEvents(state, state.filter, null);
  return ask(state, { id, filter: state.filter, event });
}

/** The screen with a new filter; the old one can be gone back to. */
export function filterTable(state: State, shown: TableState, filter: string): Update {
  const question: Question = { ...shown.question, filter };
  const next = { ...entered(state, { ...emptyTable(question), sort: shown.sort, column: shown.column }), filter };
  return asking(next, { kind: 'read-table', question });
}

/** What is shown now can be gone back to. */
export function entered(state: State, table: TableState | null): State {
  const visited = [...state.visited, { filter: state.filter, selected: state.selected, table: state.table }];
  return { ...state, visited, undone: [], table, page: null, notice: null };
}

/** The list of events with a filter, at an event. */
export function toEvents(state: State, filter: string, near: number | null): Update {
  return {
    state: { ...entered(state, null), filter, selected: near ?? state.selected },
    commands: [{ kind: 'stop-reading' }, { kind: 'filter', text: filter, near: near ?? state.selected }],
  };
}

const onTable =
  (work: (state: State, shown: TableState) => Update): Act =>
  (state) =>
    state.table === null ? only(state) : work(state, state.table);

export const moveRow = (rows: number | 'page' | 'half' | 'all', direction: 1 | -1): Act =>
  onTable((state, shown) => {
    const height = tableHeight(state, shown);
    const by =
      rows === 'all' ? shown.rows.length : rows === 'page' ? Math.max(1, height - 1) : rows === 'half' ? Math.max(1, height >> 1) : rows;
    return only({ ...state, table: movedTo(shown, shown.selected + direction * by) });
  });

export const moveTableColumn = (direction: 1 | -1): Act =>
  onTable((state, shown) => {
    const last = (shown.table?.columns.length ?? 1) - 1;
    return only({ ...state, table: { ...shown, column: Math.max(0, Math.min(last, shown.column + direction)) } });
  });

/** `column` null: the focused one. */
export const sortTable = (column: number | null): Act =>
  onTable((state, shown) => only({ ...state, table: sortedBy(shown, column ?? shown.column) }));

/** Sorts by the column beside the one that it is sorted by. */
export const sortBeside = (direction: 1 | -1): Act =>
  onTable((state, shown) => {
    const count = shown.table?.columns.length ?? 0;
    const column = ((shown.sort?.column ?? (direction === 1 ? -1 : 0)) + direction + count) % Math.max(1, count);
    return only({ ...state, table: sortedBy(shown, column) });
  });

/** Enter: the row's events, the event that shows it, or the screen that it names. */
export const enterRow: Act = onTable((state, shown) => {
  const row = shown.rows[shown.selected];
  const spec = screenNamed(shown.question.id);
  if (row === undefined || shown.table === null || spec === null) return only(state);
  const { enter } = spec;
  if (enter === 'screen') return spec.id === 'views' ? openScreen(below(state), String(row.to)) : openScreen(state, String(row.to));
  if (enter === 'answer') return ask(state, { id: row.to ?? spec.id, filter: state.filter, event: null, nth: shown.rows.indexOf(row) });
  if (row.num !== null) return toEvents(state, '', row.num);
  if (enter === 'event') return noticed(state, 'no single event shows this line');
  if (enter !== 'events') return openFiltered(state, enter.to, row.drill);
  const drill = areaFilter(shown, spec) ?? row.drills?.[shown.column] ?? row.drill;
  const own = ownFilter(state, spec);
  return toEvents(state, drill === null ? own : joined(drill, own), null);
});

/** For the events of the area that is chosen; null: there is none. */
function areaFilter(shown: TableState, { area }: ScreenSpec): string | null {
  const chosen = areaOf(shown);
  if (area === undefined || chosen === null) return null;
  const [first, last] = chosen.rows;
  return area([shown.rows[first]!, shown.rows[last]!], chosen.columns);
}

/** The focused cell becomes a corner, or there is no area any more. */
function toggleArea(state: State, shown: TableState): Update {
  if (shown.corner !== undefined) return only({ ...state, table: { ...shown, corner: undefined } });
  const next = { ...state, table: { ...shown, corner: { row: shown.selected, column: shown.column } } };
  return noticed(next, 'an area begins here: arrows lead to its other corner, Enter shows its events');
}

/** The user's filter and the screen's own. */
function ownFilter(state: State, spec: ScreenSpec): string {
  return spec.filter === '' ? state.filter : joined(state.filter, spec.filter);
}

/** A screen about a row: what the row is about is added to the filter. */
export function openFiltered(state: State, id: string, drill: string | null): Update {
  const filter = drill === null ? state.filter : joined(drill, state.filter);
  return ask(state, { id, filter, event: null });
}

/** Events by a field. */
export function openField(state: State, field: string): Update {
  return ask(state, { id: 'by', filter: state.filter, event: null, field });
}

function ask(state: State, question: Question): Update {
  return asking({ ...entered(state, emptyTable(question)), filter: question.filter }, { kind: 'read-table', question });
}

/** The list of screens is left by choosing one: going back leads to where it was opened. */
function below(state: State): State {
  const visited = state.visited.slice(0, -1);
  const last = state.visited.at(-1);
  return last === undefined ? { ...state, table: null, visited } : { ...state, table: last.table, filter: last.filter, visited };
}

/** Echo (F5): what went through the row's descriptors; dig (F6): its events. */
export const rowTo = (id: 'stream' | 'events'): Act =>
  onTable((state, shown) => {
    const row = shown.rows[shown.selected];
    const spec = screenNamed(shown.question.id);
    if (row === undefined || spec === null) return only(state);
    if (id === 'stream') return openFiltered(state, 'stream', row.drill);
    if (row.drill === null && row.num !== null) return toEvents(state, '', row.num);
    const own = ownFilter(state, spec);
    return toEvents(state, row.drill === null ? own : joined(row.drill, own), row.num);
  });

/** What a key of the screen itself does. */
export const screenKey = ({ does }: ScreenKey): Act =>
  onTable((state, shown) => {
    const { question } = shown;
    const row = shown.rows[shown.selected];
    if (does === 'next' || does === 'before') return another(state, question, does === 'next' ? 1 : -1);
    if (does === 'form') return replaced(state, shown, { ...question, form: nextForm(question.form) });
    if (does === 'save') return asking(state, { kind: 'save', filter: question.filter });
    if (row === undefined) return noticed(state, shown.table === null ? 'there is no row yet' : 'there is no row');
    if (does === 'area') return toggleArea(state, shown);
    if (does !== 'meanwhile') return openFiltered(state, does.to, row.drill);
    return row.meanwhile === undefined ? noticed(state, 'this line has no time of its own') : toEvents(state, row.meanwhile, row.num);
  });

const FORMS: readonly StreamForm[] = ['text', 'dotted', 'hex'];
const nextForm = (form: StreamForm = 'text') => FORMS[(FORMS.indexOf(form) + 1) % FORMS.length]!;

/** Another answer to the same question, in its place. */
function another(state: State, question: Question, step: 1 | -1): Update {
  const nth = (question.nth ?? 0) + step;
  if (nth < 0) return noticed(state, 'this is the first story');
  const next = { id: question.id, filter: question.filter, event: null, nth };
  return asking({ ...state, table: emptyTable(next) }, { kind: 'read-table', question: next });
}

function replaced(state: State, shown: TableState, question: Question): Update {
  return asking({ ...state, table: { ...emptyTable(question), column: shown.column } }, { kind: 'read-table', question });
}

/** What a filter joins with `and`, as far as that can be seen without a parser. */
const topLevel = (filter: string) => filter.split(' and ');

function joined(filter: string, added: string): string {
  if (filter === '' || added === '') return filter + added;
  if (topLevel(filter).includes(added)) return filter;
  const bracketed = (text: string) => (/\bor\b/.test(text) ? `(${text})` : text);
  return `${bracketed(added)} and ${bracketed(filter)}`;
}

/** Filters by the focused cell. */
export const filterByTableCell = (use: ClauseUse): Act =>
  onTable((state, shown) => {
    const column = shown.table?.columns[shown.column];
    const cell = shown.rows[shown.selected]?.cells[shown.column] ?? null;
    const clause = column === undefined ? null : clauseOf(column, cell);
    if (clause === null) return noticed(state, 'this column is no field of events');
    const filter = withClause(state.filter, clause, use);
    return filter === state.filter ? noticed(state, 'the filter says so already') : filterTable(state, shown, filter);
  });

/** Rows like the focused cell stand out, or no more. */
export const colourByTableCell: Act = onTable((state, shown) => {
  const column = shown.table?.columns[shown.column];
  const cell = shown.rows[shown.selected]?.cells[shown.column] ?? null;
  return coloured(state, (column === undefined ? null : clauseOf(column, cell)) ?? 'this column is no field of events');
});

/** The selected row, or all rows, as text with tabs between. */
export const copyRows = (all: boolean): Act =>
  onTable((state, shown) => {
    const { table, rows, selected } = shown;
    const wanted = all || shown.question.id === 'story' ? rows : rows.slice(selected, selected + 1);
    if (table === null || wanted.length === 0) return noticed(state, 'there is no row');
    const lines = wanted.map(({ cells }) =>
      table.columns
        .map((column, c) => cellText(column, cells[c] ?? null))
        .join('\t')
        .trimEnd(),
    );
    const titles = table.columns.map(({ title }) => title).join('\t');
    const above = wanted.length === 1 ? [] : [...table.head, ...(titles === '' ? [] : [titles])];
    const what = wanted.length === 1 ? 'the row' : `${shown.question.id}, ${wanted.length} lines,`;
    return asking(state, { kind: 'copy-text', text: [...above, ...lines].join('\n'), what });
  });

/** Looks for a text in the rows, and says how many have it. */
export function findInTable(state: State, shown: TableState, text: string, direction: 1 | -1): Update {
  const found = foundIn(shown, text, direction);
  if (found === null) return noticed({ ...state, find: text }, `no row has ${text} in it`);
  return noticed(
    { ...state, find: text, table: found },
    `${matchesIn(found, text)} rows have ${text} in them: n the next, N the one before`,
  );
}

export const findAgainInTable = (direction: 1 | -1): Act => onTable((state, shown) => findInTable(state, shown, state.find, direction));

/** Back to what was shown before, with its selection. */
export function backTo(state: State): Update {
  const last = state.visited.at(-1);
  if (last === undefined) return noticed(state, 'nothing to go back to: q quits');
  const undone = [...state.undone, { filter: state.filter, selected: state.selected, table: state.table }];
  return shownAgain({ ...state, visited: state.visited.slice(0, -1), undone }, last);
}

/** Forward again to what was gone back from. */
export function redo(state: State): Update {
  const last = state.undone.at(-1);
  if (last === undefined) return noticed(state, 'nothing to go forward to');
  const visited = [...state.visited, { filter: state.filter, selected: state.selected, table: state.table }];
  return shownAgain({ ...state, visited, undone: state.undone.slice(0, -1) }, last);
}

function shownAgain(state: State, last: Visited): Update {
  const next = { ...state, filter: last.filter, table: last.table };
  if (last.table === null)
    return { state: next, commands: [{ kind: 'stop-reading' }, { kind: 'filter', text: last.filter, near: last.selected }] };
  return last.table.table === null
    ? asking(next, { kind: 'read-table', question: last.table.question })
    : asking(next, { kind: 'stop-reading' });
}
