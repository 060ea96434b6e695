/** What : takes: screens, fields, events, times, commands. */
import { FIELDS } from '../event/fields/index.ts';
import type { Completion } from '../filter/complete.ts';
import { SECOND } from '../model/time.ts';
import { SCREENS, screenNamed } from './screens/index.ts';

export type Place =
  | { readonly kind: 'screen'; readonly id: string }
  /** Events by a field. */
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'event'; readonly num: number }
  /** ns since the capture's start. */
  | { readonly kind: 'time'; readonly time: number }
  | { readonly kind: 'help' | 'quit' }
  | { readonly kind: 'export'; readonly path: string };

const COMMANDS: readonly (readonly [name: string, doc: string])[] = [
  ['events', 'the list of events'],
  ['help', 'the keys, and what the columns mean'],
  ['write', 'FILE: export what is shown; .csv .json .md .txt, or .trowel for its events'],
  ['quit', 'leave'],
];
const MOST = 50;

/** Null: it is none of them. `epoch`: ns since 1970 of time zero. */
export function placeOf(text: string, epoch: bigint): Place | null {
  if (/^q(uit)?!?$/.test(text)) return { kind: 'quit' };
  if (text === 'help' || text === 'h') return { kind: 'help' };
  const [, path] = /^w(?:rite)?\s+(\S.*)$/.exec(text) ?? [];
  if (path !== undefined) return { kind: 'export', path };
  if (text === 'events') return { kind: 'screen', id: 'events' };
  const field = FIELDS.find(({ name, aliases = [] }) => name === text || aliases.includes(text));
  const screen = screenNamed(text);
  if (screen !== null) return { kind: 'screen', id: screen.id };
  if (field !== undefined) return { kind: 'field', name: field.name };
  return numberPlace(text) ?? clockPlace(text, epoch);
}

/** `10049`, `10,049`; `+8.2`, `8.2s`. */
function numberPlace(text: string): Place | null {
  const plain = text.replace(/^\+/, '').replace(/s$/, '').replaceAll(',', '');
  if (!/^[0-9]+(\.[0-9]+)?$/.test(plain)) return null;
  const isTime = /^\+|s$|\./.test(text);
  return isTime ? { kind: 'time', time: Number(plain) * SECOND } : { kind: 'event', num: Number(plain) };
}

/** `07:58:30.5`, of the day on which the capture began, or of the next one. */
function clockPlace(text: string, epoch: bigint): Place | null {
  const found = /^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?$/.exec(text);
  if (found === null) return null;
  const [, hours, minutes, seconds = '0'] = found;
  const day = 86_400 * SECOND;
  const wanted = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * SECOND;
  const began = Number(epoch % BigInt(day));
  return { kind: 'time', time: wanted >= began ? wanted - began : wanted - began + day };
}

/** Names that begin with the text, then those that have it in them. */
export function paletteCompletion(text: string): Completion {
  const small = text.toLowerCase();
  const all = [
    ...COMMANDS.map(([name, doc]) => ({ text: name, doc })),
    ...SCREENS.map(({ id, sentence }) => ({ text: id, doc: sentence })),
    ...FIELDS.filter(({ arg }) => arg === undefined).map(({ name, doc }) => ({ text: name, doc: `events by ${doc}` })),
  ];
  const begin = all.filter(({ text: name }) => name.startsWith(small));
  const inside = small === '' ? [] : all.filter(({ text: name }) => !name.startsWith(small) && name.includes(small));
  return { span: { start: 0, end: text.length }, candidates: [...begin, ...inside].slice(0, MOST) };
}
