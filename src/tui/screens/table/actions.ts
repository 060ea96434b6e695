/** What keys do on a screen that is a table. */

import { type ClauseUse, withClause } from '../../data/clause.ts';
import type { State, Update } from '../../state.ts';
import { type Act, asking, noticed, only } from '../events/actions.ts';
import { screenNamed } from '../index.ts';
import { clauseOf, type Question } from '../screen.ts';
import { emptyTable, foundIn, matchesIn, movedTo, sortedBy, type TableState } from './state.ts';
import { tableHeight } from './view.ts';

/** Opens a screen with the filter there is; `event`: about that event. */
export function openScreen(state: State, id: string, event: number | null = null): Update {
  if (id === 'events') return state.table === null ? only(state) : toEvents(state, state.filter, null);
  const question = { id, filter: state.filter, event };
  return asking(entered(state, emptyTable(question)), { kind: 'read-table', question });
}

/** The screen with a new filter; the old one can be gone back to. */
export function filterTable(state: State, shown: TableState, filter: string): Update {
  const question: Question = { ...shown.question, filter };
  const next = { ...entered(state, { ...emptyTable(question), sort: shown.sort, column: shown.column }), filter };
  return asking(next, { kind: 'read-table', question });
}

function entered(state: State, table: TableState | null): State {
  const visited = [...state.visited, { filter: state.filter, selected: state.selected, table: state.table }];
  return { ...state, visited, table, page: null, notice: null };
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

/** Enter: the row's events, the event that shows it, or the screen that it names. */
export const enterRow: Act = onTable((state, shown) => {
  const row = shown.rows[shown.selected];
  const spec = screenNamed(shown.question.id);
  if (row === undefined || shown.table === null || spec === null) return only(state);
  if (spec.enter === 'screen') return openScreen({ ...state, visited: state.visited.slice(0, -1), ...below(state) }, String(row.cells[0]));
  if (row.num !== null) return toEvents(state, '', row.num);
  if (spec.enter === 'event') return noticed(state, 'no single event shows this line');
  const own = spec.filter === '' ? state.filter : joined(state.filter, spec.filter);
  return toEvents(state, row.drill === null ? own : joined(row.drill, own), null);
});

/** The list of screens is left by choosing one: going back leads to where it was opened. */
function below(state: State): Pick<State, 'table' | 'filter'> {
  const last = state.visited.at(-1);
  return last === undefined ? { table: null, filter: state.filter } : { table: last.table, filter: last.filter };
}

function joined(filter: string, added: string): string {
  if (filter === '') return added;
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
  const next = { ...state, filter: last.filter, visited: state.visited.slice(0, -1), table: last.table };
  if (last.table === null)
    return { state: next, commands: [{ kind: 'stop-reading' }, { kind: 'filter', text: last.filter, near: last.selected }] };
  return last.table.table === null
    ? asking(next, { kind: 'read-table', question: last.table.question })
    : asking(next, { kind: 'stop-reading' });
}
