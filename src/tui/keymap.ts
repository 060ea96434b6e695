/** The one table of keys. Dispatch, help and the key bar all read it, so none of them can say what another does not. */

import { edit } from './kit/line-editor.ts';
import { acceptPrompt, openPrompt, recall, tabKey, typeKey } from './prompt.ts';
import {
  type Act,
  asking,
  back,
  colourByCell,
  echoOfEvent,
  filterByCell,
  filterByFd,
  filterByItem,
  findAgain,
  focusDetail,
  goToPartner,
  move,
  moveColumn,
  moveItem,
  nextTimeMode,
  noColours,
  only,
  pend,
  scrollDetail,
  scrollPage,
  seek,
  setReference,
  toggleDetail,
  toggleForm,
  togglePause,
  withLetter,
} from './screens/events/actions.ts';
import { screenNamed } from './screens/index.ts';
import type { ScreenKey } from './screens/screen.ts';
import {
  colourByTableCell,
  copyRows,
  enterRow,
  filterByTableCell,
  findAgainInTable,
  moveRow,
  moveTableColumn,
  openScreen,
  redo,
  rowTo,
  screenKey,
  sortBeside,
  sortTable,
} from './screens/table/actions.ts';
import { type Context, contextOf, type State, selectedRow, type Update } from './state.ts';

export interface KeyRow {
  readonly keys: readonly string[];
  readonly where: readonly Context[];
  /** What it does, in a few words. */
  readonly help: string;
  /** The word in the key bar; none: it is in the help only. */
  readonly bar?: string;
  /** Why it does nothing now; null: it does. */
  readonly off?: (state: State) => string | null;
  readonly act: Act;
}

const nothingSelected = (state: State) => (selectedRow(state) === null ? 'no event is selected' : null);
const nothingFound = (state: State) => (state.find === '' ? 'nothing was looked for yet: / finds text' : null);
const nothingFollows = (state: State) => (state.follow === 'off' ? 'the capture is complete: there is nothing to follow' : null);
const openHelp: Act = (state) => only({ ...state, page: { kind: 'help', top: 0 } });
const closePage: Act = (state) => only({ ...state, page: null });
const explainAll: Act = (state) => openScreen(state, 'story');
const explainEvent: Act = (state) => openScreen(state, 'story', state.selected);
const openViews: Act = (state) => (state.table?.question.id === 'views' ? back(state) : openScreen(state, 'views'));
const noMark = (state: State) => (Object.keys(state.marks).length === 0 ? 'no event is marked: m marks one' : null);
const noColour = (state: State) => (state.colours.length === 0 ? 'no row has a colour: c gives one' : null);
const noRow = (state: State) => ((state.table?.rows.length ?? 0) === 0 ? 'there is no row' : null);
const exportName = ({ table }: State) => `${table?.question.id ?? 'events'}.csv`;
const closePrompt: Act = (state) => only({ ...state, prompt: null });
const quit: Act = (state) => (state.facts.unsaved ? pend('quit')(state) : asking(state, { kind: 'quit', keep: false }));

// biome-ignore format: a table
export const KEYS: readonly KeyRow[] = [
  { keys: ['Down', 'j', 'C-n'], where: ['list'], help: 'next event', act: move(1, 1) },
  { keys: ['Up', 'k', 'C-p'], where: ['list'], help: 'event before', act: move(1, -1) },
  { keys: ['PgDn', 'C-f'], where: ['list'], help: 'a page on', act: move('page', 1) },
  { keys: ['PgUp', 'C-b'], where: ['list'], help: 'a page back', act: move('page', -1) },
  { keys: ['C-d'], where: ['list'], help: 'half a page on', act: move('half', 1) },
  { keys: ['C-u'], where: ['list'], help: 'half a page back', act: move('half', -1) },
  { keys: ['g', 'Home'], where: ['list'], help: 'first event', act: seek({ to: 'first' }) },
  { keys: ['G', 'End'], where: ['list'], help: 'last event; follows a recording', act: seek({ to: 'last' }) },
  { keys: ['Down', 'j', 'C-n'], where: ['table'], help: 'next row', act: moveRow(1, 1) },
  { keys: ['Up', 'k', 'C-p'], where: ['table'], help: 'row before', act: moveRow(1, -1) },
  { keys: ['PgDn', 'C-f', ' '], where: ['table'], help: 'a page on', act: moveRow('page', 1) },
  { keys: ['PgUp', 'C-b'], where: ['table'], help: 'a page back', act: moveRow('page', -1) },
  { keys: ['C-d'], where: ['table'], help: 'half a page on', act: moveRow('half', 1) },
  { keys: ['C-u'], where: ['table'], help: 'half a page back', act: moveRow('half', -1) },
  { keys: ['g', 'Home'], where: ['table'], help: 'first row', act: moveRow('all', -1) },
  { keys: ['G', 'End'], where: ['table'], help: 'last row', act: moveRow('all', 1) },
  { keys: ['Enter'], where: ['table'], help: 'what is behind the row: its events, or the screen that it names', bar: 'open', off: noRow, act: enterRow },
  { keys: ['v', 'F2'], where: ['list', 'detail', 'table'], help: 'the screens, and which question each answers', bar: 'views', act: openViews },
  { keys: ['e', 'F5'], where: ['table'], help: 'echo: what went through the row’s descriptors', off: noRow, act: rowTo('stream') },
  { keys: ['d', 'F6'], where: ['table'], help: 'dig: the row’s events', off: noRow, act: rowTo('events') },
  { keys: ['y'], where: ['table'], help: 'copy the row; of a story, all of it', off: noRow, act: copyRows(false) },
  { keys: ['Y'], where: ['table'], help: 'copy all rows', off: noRow, act: copyRows(true) },
  { keys: ['n'], where: ['table'], help: 'find the next', off: nothingFound, act: findAgainInTable(1) },
  { keys: ['N'], where: ['table'], help: 'find the one before', off: nothingFound, act: findAgainInTable(-1) },
  { keys: ['Right', 'l'], where: ['table'], help: 'focus the next column', act: moveTableColumn(1) },
  { keys: ['Left', 'h'], where: ['table'], help: 'focus the column before', act: moveTableColumn(-1) },
  { keys: ['s', 'F9'], where: ['table'], help: 'sort by the focused column; again: the other way round', bar: 'sort', off: noRow, act: sortTable(null) },
  { keys: ['>'], where: ['table'], help: 'sort by the next column', off: noRow, act: sortBeside(1) },
  { keys: ['<'], where: ['table'], help: 'sort by the column before', off: noRow, act: sortBeside(-1) },
  ...['1', '2@', '3#', '4$', '5%', '6^', '7&', '8*', '9('].map((keys, column): KeyRow => ({ keys: [...keys], where: ['table'], help: `sort by column ${column + 1}`, off: noRow, act: sortTable(column) })),
  { keys: ['='], where: ['table'], help: 'keep: only what is like the focused cell', bar: 'keep', off: noRow, act: filterByTableCell('keep') },
  { keys: ['!', '-'], where: ['table'], help: 'drop: nothing like the focused cell', bar: 'drop', off: noRow, act: filterByTableCell('drop') },
  { keys: ['+'], where: ['table'], help: 'add: what is like the focused cell, too', off: noRow, act: filterByTableCell('add') },
  { keys: ['Enter'], where: ['list'], help: 'open or close the detail', bar: 'detail', off: nothingSelected, act: toggleDetail },
  { keys: ['f', 'F4', '\\'], where: ['list', 'detail', 'table'], help: 'edit the filter: Tab completes, ↑ history', bar: 'filter', act: (state) => only(openPrompt(state, 'filter', state.filter)) },
  { keys: ['/', 'C-s'], where: ['list', 'detail', 'table'], help: 'find a text in the rows', bar: 'find', act: (state) => only(openPrompt(state, 'find', '')) },
  { keys: ['n'], where: ['list', 'detail'], help: 'find the next', off: nothingFound, act: findAgain(1) },
  { keys: ['N'], where: ['list', 'detail'], help: 'find the one before', off: nothingFound, act: findAgain(-1) },
  { keys: ['Right', 'l'], where: ['list'], help: 'focus the next cell of the row', act: moveColumn(1) },
  { keys: ['Left', 'h'], where: ['list'], help: 'focus the cell before', act: moveColumn(-1) },
  { keys: ['='], where: ['list'], help: 'keep: only events like the focused cell', bar: 'keep', off: nothingSelected, act: filterByCell('keep') },
  { keys: ['!', '-'], where: ['list'], help: 'drop: no events like the focused cell', bar: 'drop', off: nothingSelected, act: filterByCell('drop') },
  { keys: ['+'], where: ['list'], help: 'add: events like the focused cell, too', off: nothingSelected, act: filterByCell('add') },
  { keys: ['Right', 'l'], where: ['detail'], help: 'focus the next field', act: moveItem(1) },
  { keys: ['Left', 'h'], where: ['detail'], help: 'focus the field before', act: moveItem(-1) },
  { keys: ['='], where: ['detail'], help: 'keep: only events like the focused field', bar: 'keep', act: filterByItem('keep') },
  { keys: ['!', '-'], where: ['detail'], help: 'drop: no events like the focused field', bar: 'drop', act: filterByItem('drop') },
  { keys: ['+'], where: ['detail'], help: 'add: events like the focused field, too', act: filterByItem('add') },
  { keys: ['F'], where: ['list', 'detail'], help: 'keep: only this file or connection', off: nothingSelected, act: filterByFd },
  { keys: ['%'], where: ['list', 'detail'], help: 'from a DNS query to its answer, and back', off: nothingSelected, act: goToPartner },
  { keys: ['w'], where: ['list', 'detail', 'table'], help: 'why: what waited longest, for what, and what to do', bar: 'why', act: explainAll },
  { keys: ['W'], where: ['list', 'detail'], help: 'why, around the selected event', off: nothingSelected, act: explainEvent },
  { keys: [']'], where: ['list', 'detail'], help: 'next pause of more than 100 ms', bar: 'next gap', off: nothingSelected, act: seek({ to: 'gap', direction: 1 }) },
  { keys: ['['], where: ['list', 'detail'], help: 'pause before', off: nothingSelected, act: seek({ to: 'gap', direction: -1 }) },
  { keys: [':', 'C-g'], where: ['list', 'detail', 'table'], help: 'go to a screen dns, an event 10049, or a time +8.2', bar: 'go to', act: (state) => only(openPrompt(state, 'goto', '')) },
  { keys: ['e', 'F5'], where: ['list', 'detail'], help: 'echo: what went through this file or connection', bar: 'echo', off: nothingSelected, act: echoOfEvent },
  { keys: ['d', 'F6'], where: ['list', 'detail'], help: 'dig: the event in full', off: nothingSelected, act: focusDetail },
  { keys: ['s', 'F9', '<', '>', ...'123456789!@#$^&*('].filter((key) => !'!%'.includes(key)), where: ['list'], help: 'sort: events stay in the order of time, so the slowest calls, the longest first', act: (state) => openScreen(state, 'slow') },
  { keys: ['i', 'F12'], where: ['list', 'detail', 'table'], help: 'spectrogram: how long calls took, over time', act: (state) => openScreen(state, 'spectrogram') },
  { keys: ['c'], where: ['list'], help: 'colour the rows like the focused cell; again: no more', off: nothingSelected, act: colourByCell },
  { keys: ['c'], where: ['table'], help: 'colour the rows like the focused cell; again: no more', off: noRow, act: colourByTableCell },
  { keys: ['C'], where: ['list', 'table'], help: 'take all colours off', off: noColour, act: noColours },
  { keys: ['m'], where: ['list', 'detail'], help: 'mark the event with a letter', off: nothingSelected, act: pend('mark') },
  { keys: ["'", '`'], where: ['list', 'detail', 'table'], help: 'go to a mark; twice: back to where that began', off: noMark, act: pend('jump') },
  { keys: ['T'], where: ['list', 'detail'], help: 'count times from this event on, as Wireshark’s reference', off: nothingSelected, act: setReference },
  { keys: ['E', 'C-e'], where: ['list', 'detail', 'table'], help: 'export what is shown, or its events as a capture', act: (state) => only(openPrompt(state, 'export', exportName(state))) },
  { keys: ['C-r'], where: ['list', 'detail', 'table'], help: 'forward again, after going back', act: redo },
  { keys: ['t'], where: ['list', 'detail'], help: 'time: since the start, of day, since the row before', bar: 'time', act: nextTimeMode },
  { keys: [' ', 'p'], where: ['list'], help: 'pause following, or go on', bar: 'pause', off: nothingFollows, act: togglePause },
  { keys: ['Tab'], where: ['list', 'detail'], help: 'move keys between list and detail', off: nothingSelected, act: focusDetail },
  { keys: ['Down', 'j'], where: ['detail'], help: 'a line on', bar: 'scroll', act: scrollDetail(1, 1) },
  { keys: ['Up', 'k'], where: ['detail'], help: 'a line back', act: scrollDetail(1, -1) },
  { keys: ['PgDn', ' '], where: ['detail'], help: 'a page on', act: scrollDetail('page', 1) },
  { keys: ['PgUp'], where: ['detail'], help: 'a page back', act: scrollDetail('page', -1) },
  { keys: ['g', 'Home'], where: ['detail'], help: 'its beginning', act: scrollDetail('all', -1) },
  { keys: ['G', 'End'], where: ['detail'], help: 'its end', act: scrollDetail('all', 1) },
  { keys: ['x'], where: ['list', 'detail'], help: 'payload as hex or as text', off: nothingSelected, act: toggleForm },
  { keys: ['y'], where: ['list', 'detail'], help: 'copy the event as a line', off: nothingSelected, act: (state) => asking(state, { kind: 'copy', form: 'line' }) },
  { keys: ['Y'], where: ['list', 'detail'], help: 'copy the event as JSON', off: nothingSelected, act: (state) => asking(state, { kind: 'copy', form: 'json' }) },
  { keys: ['Esc', 'Backspace'], where: ['list', 'detail', 'table'], help: 'back: close the detail, then the filter before', bar: 'back', act: back },
  { keys: ['C-z'], where: ['list', 'detail', 'table', 'prompt', 'page'], help: 'to the shell; fg comes back', act: (state) => asking(state, { kind: 'suspend' }) },
  { keys: ['C-l'], where: ['list', 'detail', 'table', 'page'], help: 'draw the screen anew', act: (state) => asking(state, { kind: 'redraw' }) },
  { keys: ['?', 'F1'], where: ['list', 'detail', 'table'], help: 'these keys', act: openHelp },
  { keys: ['q', 'F10', 'C-c'], where: ['list', 'detail', 'table'], help: 'quit', bar: 'quit', act: quit },
  { keys: ['Down', 'j'], where: ['page'], help: 'a line on', bar: 'more', act: scrollPage(1, 1) },
  { keys: ['Up', 'k'], where: ['page'], help: 'a line back', act: scrollPage(1, -1) },
  { keys: ['PgDn', ' '], where: ['page'], help: 'a page on', act: scrollPage('page', 1) },
  { keys: ['PgUp'], where: ['page'], help: 'a page back', act: scrollPage('page', -1) },
  { keys: ['Esc', 'q', '?', 'F1', 'Enter', 'Backspace', 'C-c'], where: ['page'], help: 'close the page', bar: 'close', act: closePage },
  { keys: ['Enter'], where: ['prompt'], help: 'use what is typed', bar: 'use', act: acceptPrompt },
  { keys: ['Tab'], where: ['prompt'], help: 'complete; again for the next candidate', bar: 'complete', act: (state) => only(tabKey(state, 1)) },
  { keys: ['S-Tab'], where: ['prompt'], help: 'candidate before', act: (state) => only(tabKey(state, -1)) },
  { keys: ['Up', 'C-p'], where: ['prompt'], help: 'filter used before', bar: 'history', act: (state) => only(recall(state, 1)) },
  { keys: ['Down', 'C-n'], where: ['prompt'], help: 'filter used after', act: (state) => only(recall(state, -1)) },
  { keys: ['Esc', 'C-c', 'C-g'], where: ['prompt'], help: 'leave all as it was', bar: 'cancel', act: closePrompt },
];

/** What a key does now. In the prompt every other key types or edits; elsewhere an unknown key says so and does nothing. */
export function keyUpdate(state: State, key: string): Update {
  if (state.pending !== null) return withLetter(state, key);
  const context = contextOf(state);
  const own = ownKeys(state).find(({ keys }) => keys.includes(key));
  if (own !== undefined) return screenKey(own)(state);
  const row = KEYS.find(({ keys, where }) => where.includes(context) && keys.includes(key));
  if (row === undefined && key.startsWith('M-') && !edits(state, key)) return keyUpdateOfBoth(state, key.slice(2));
  if (row === undefined)
    return context === 'prompt' ? only(typeKey(state, key)) : noticed(state, `${keyLabel(key)} does nothing here: ? shows the keys`);
  const off = row.off?.(state) ?? null;
  return off === null ? row.act(state) : noticed(state, off);
}

/** It is a key of the line that is being typed. */
function edits({ prompt }: State, key: string): boolean {
  return prompt !== null && edit(prompt.line, key) !== null;
}

/** Esc and a key that came glued together, as over a slow line: the terminal cannot tell that from Alt. */
function keyUpdateOfBoth(state: State, key: string): Update {
  const first = keyUpdate(state, 'Esc');
  const second = keyUpdate(first.state, key);
  return { state: second.state, commands: [...first.commands, ...second.commands] };
}

/** The keys of the screen that is shown, where they count. */
export function ownKeys(state: State): readonly ScreenKey[] {
  return contextOf(state) === 'table' ? (screenNamed(state.table!.question.id)?.keys ?? []) : [];
}

/** The keys of the bar at the bottom, those first that are asked for most. */
export function barKeys(state: State): { readonly key: string; readonly word: string }[] {
  const context = contextOf(state);
  const usual = KEYS.filter(({ where, bar, off }) => where.includes(context) && bar !== undefined && (off?.(state) ?? null) === null);
  const [first, ...rest] = [...usual].sort((a, b) => Number(b.keys[0] === 'Enter') - Number(a.keys[0] === 'Enter'));
  return [...(first === undefined ? [] : [first]), ...ownKeys(state).filter(({ bar }) => bar !== undefined), ...rest].map(
    ({ keys, bar }) => ({
      key: keyLabel(keys[0]!),
      word: bar!,
    }),
  );
}

const LABELS: Readonly<Record<string, string>> = { ' ': 'Space', Up: '↑', Down: '↓', Left: '←', Right: '→' };

/** A key as people read it. */
export function keyLabel(key: string): string {
  return LABELS[key] ?? key.replace(/^C-/, '^').replace(/^M-/, 'Alt-').replace(/^S-/, 'Shift-');
}

function noticed(state: State, text: string): Update {
  return only({ ...state, notice: { kind: 'note', text } });
}
