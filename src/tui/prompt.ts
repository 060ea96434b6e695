/** The line that is being typed: a filter, a text to find, a place to go to. */

import type { Field } from '../event/fields/field.ts';
import { FIELDS } from '../event/fields/index.ts';
import { compileFilter, type Definitions } from '../filter/compile.ts';
import { type Completion, complete } from '../filter/complete.ts';
import { FilterError } from '../filter/error.ts';
import { newTables } from '../model/rows.ts';
import { secondsText } from '../model/time.ts';
import type { Goal } from './data/seek.ts';
import { edit, insert, type Line, lineOf, replace } from './kit/line-editor.ts';
import { paletteCompletion, placeOf } from './palette.ts';
import { filterTable, findInTable, openField, openScreen, toEvents } from './screens/table/actions.ts';
import { type Command, type Prompt, type PromptPurpose, type State, type Update, unfollowed } from './state.ts';

const MOST_REMEMBERED = 200;

/** What most filters ask of, where nothing is typed yet, each with an example; then every field. */
const COMMON = ['proc.name', 'k8s.pod.name', 'evt.type', 'evt.failed', 'evt.latency', 'fd.name', 'dns.qname', 'container.id'];
const isCommon = ({ name }: Field) => COMMON.includes(name);
const FIRST_FIELDS: Completion = {
  span: { start: 0, end: 0 },
  candidates: [
    ...FIELDS.filter(isCommon).sort((a, b) => COMMON.indexOf(a.name) - COMMON.indexOf(b.name)),
    ...FIELDS.filter((field) => !isCommon(field) && field.arg === undefined),
  ].map((field) => ({ text: field.name, doc: isCommon(field) ? `${field.doc}, such as ${field.example}` : field.doc })),
};

/** Opens the prompt with a text in it. */
export function openPrompt(state: State, purpose: PromptPurpose, text: string): State {
  const blank: Prompt = {
    purpose, line: lineOf(text), problem: null, refused: false, completion: { span: { start: 0, end: 0 }, candidates: [] }, choice: null,
    recalled: 0, draft: text,
  }; // biome-ignore format: a row
  return { ...state, prompt: typed(blank, lineOf(text), state) };
}

/** What Enter does. A filter that is wrong stays where it is. */
export function acceptPrompt(state: State): Update {
  const { prompt } = state;
  if (prompt === null) return { state, commands: [] };
  if (prompt.problem !== null) return { state: { ...state, prompt: { ...prompt, refused: true } }, commands: [] };
  const text = prompt.line.text.trim();
  const closed = { ...state, prompt: null };
  if (prompt.purpose === 'filter') return applyFilter(closed, text);
  const wanted = prompt.purpose === 'find' && text === '' ? state.find : text; // Enter alone: the same text again
  if (wanted === '') return { state: closed, commands: [] };
  if (prompt.purpose === 'export') return { state: closed, commands: [{ kind: 'export', path: wanted }] };
  return prompt.purpose === 'find' ? find({ ...closed, finds: remembered(state.finds, wanted) }, wanted, 1) : goTo(closed, wanted);
}

/** A new filter: the old one can be gone back to, the new one is remembered. */
export function applyFilter(state: State, text: string): Update {
  if (text === state.filter) return { state, commands: [] };
  if (state.table !== null) return filterTable({ ...state, history: remembered(state.history, text) }, state.table, text);
  const history = remembered(state.history, text);
  const visited = [...state.visited, { filter: state.filter, selected: state.selected, table: null }];
  return {
    state: { ...state, filter: text, history, visited, undone: [], matchesAtPause: null },
    commands: [{ kind: 'filter', text, near: state.selected }],
  };
}

function remembered(history: readonly string[], text: string): readonly string[] {
  return text === '' ? history : [...history.filter((one) => one !== text), text].slice(-MOST_REMEMBERED);
}

/** Looks for a text from the selected row on. */
export function find(state: State, text: string, direction: 1 | -1): Update {
  if (state.table !== null) return findInTable(state, state.table, text, direction);
  return { state: { ...unfollowed(state), find: text }, commands: [{ kind: 'seek', goal: { to: 'text', text, direction } }] };
}

/** One key into the prompt. */
export function typeKey(state: State, key: string): State {
  const { prompt } = state;
  const line = prompt === null ? null : edit(prompt.line, key);
  return prompt === null || line === null ? state : { ...state, prompt: typed(prompt, line, state) };
}

/** Text from the terminal's clipboard goes where text is being typed, else nowhere: its letters are not keys. */
export function pasteInto(state: State, text: string): State {
  const { prompt } = state;
  if (prompt !== null) return { ...state, prompt: typed(prompt, insert(prompt.line, text.trim()), state) };
  return { ...state, notice: { kind: 'note', text: 'press f first, to paste a filter' } };
}

/** Puts the next (or the one before) candidate in place of the word at the cursor. */
export function tabKey(state: State, direction: 1 | -1): State {
  const { prompt } = state;
  if (prompt === null) return state;
  const fixed = allFixed(prompt, state);
  if (fixed !== null) return { ...state, prompt: typed(prompt, lineOf(fixed), state) };
  if (prompt.completion.candidates.length === 0) return state;
  const { completion, choice, line } = prompt;
  const count = completion.candidates.length;
  const next = choice === null ? (direction === 1 ? 0 : count - 1) : (choice + direction + count) % count;
  const completed = replace(line, completion.span.start, line.cursor, completion.candidates[next]!.text);
  return {
    ...state,
    prompt: { ...prompt, line: completed, choice: next, refused: false, problem: problemOf(prompt.purpose, completed.text, state) },
  };
}

/** Mistakes of one filter that are mended at once. */
const MOST_FIXES = 10;

/** The line with every mistake mended that has a remedy; null: there is none, or the word at the cursor can still become right. */
function allFixed({ problem, completion, line }: Prompt, state: State): string | null {
  const typing =
    completion.candidates.length > 0 && problem !== null && problem.span.end >= completion.span.start && line.cursor <= problem.span.end;
  if (problem === null || typing) return null;
  let text = problem.fixed;
  for (let k = 0; text !== null && k < MOST_FIXES; k++) {
    const next = problemOf('filter', text, state)?.fixed ?? null;
    if (next === null) break;
    text = next;
  }
  return text;
}

/** Filters, or texts, used before; the line itself comes back when the history ends. */
export function recall(state: State, direction: 1 | -1): State {
  const { prompt } = state;
  if (prompt === null || (prompt.purpose !== 'filter' && prompt.purpose !== 'find')) return state;
  const history = prompt.purpose === 'find' ? state.finds : state.history;
  const recalled = Math.max(0, Math.min(history.length, prompt.recalled + direction));
  if (recalled === prompt.recalled) return state;
  const draft = prompt.recalled === 0 ? prompt.line.text : prompt.draft;
  const text = recalled === 0 ? draft : history[history.length - recalled]!;
  return { ...state, prompt: { ...typed(prompt, lineOf(text), state), recalled, draft } };
}

function typed(prompt: Prompt, line: Line, state: State): Prompt {
  const completion = completionOf(prompt, line, state);
  return { ...prompt, line, completion, choice: null, refused: false, recalled: 0, problem: problemOf(prompt.purpose, line.text, state) };
}

function completionOf({ purpose, completion }: Prompt, line: Line, { facts }: State): Completion {
  if (purpose === 'filter') return line.text === '' ? FIRST_FIELDS : complete(line.text, line.cursor, facts.valuesIn);
  return purpose === 'goto' ? paletteCompletion(line.text) : completion;
}

function problemOf(purpose: PromptPurpose, text: string, { facts }: State): FilterError | null {
  return purpose === 'filter' ? filterProblem(text, facts.epoch, facts.definitions) : null;
}

/** What is wrong with a filter, found without a capture. */
export function filterProblem(text: string, epoch: bigint, definitions: Definitions = new Map()): FilterError | null {
  try {
    compileFilter(text, { dims: newTables(), epoch, hostname: '', growing: false, definitions });
    return null;
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
}

function goTo(state: State, text: string): Update {
  const place = placeOf(text, state.facts.epoch);
  if (place === null)
    return problem(
      state,
      `${text} is no screen, field, event number, time or command: write dns, proc.name, 10049, +8.2, 07:58:30; v lists the screens`,
    );
  switch (place.kind) {
    case 'quit':
      return state.facts.unsaved
        ? { state: { ...state, pending: 'quit' }, commands: [] }
        : { state, commands: [{ kind: 'quit', keep: false }] };
    case 'help':
      return { state: { ...state, page: { kind: 'help', top: 0 } }, commands: [] };
    case 'export':
      return { state, commands: [{ kind: 'export', path: place.path }] };
    case 'screen':
      return openScreen(state, place.id);
    case 'field':
      return openField(state, place.name);
    case 'event':
      return goToEvent(state, { to: 'num', num: place.num });
    case 'time':
      return goToEvent(state, { to: 'time', time: place.time });
  }
}

function problem(state: State, text: string): Update {
  return { state: { ...state, notice: { kind: 'problem', text } }, commands: [] };
}

/** Beyond the last event there is nothing to go to, and that is said. */
function goToEvent(state: State, goal: Extract<Goal, { to: 'num' | 'time' }>): Update {
  const { facts } = state;
  if (goal.to === 'time' && goal.time > facts.end) return problem(state, `that is beyond the last event, at +${secondsText(facts.end)}`);
  const command: Command = { kind: 'seek', goal };
  if (state.table === null) return { state: unfollowed(state), commands: [command] };
  const { state: events, commands } = toEvents(state, '', null);
  return { state: unfollowed(events), commands: [...commands, command] };
}
