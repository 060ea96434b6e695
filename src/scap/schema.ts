/** What the events of sysdig's files look like: event-table.ts, taken apart. */
import { CALL_NAMES, EVENTS } from './event-table.ts';

/** One parameter of an event type, as its owners' table says. */
export interface ParamSchema {
  readonly name: string;
  /** fd, uint32, fspath …: how its bytes are to be read. */
  readonly kind: string;
  /** The kind with how sysdig prints it: `flags32/hex#0`. */
  readonly type: string;
}

/** Bits of EventSchema.flags. */
export const SchemaFlag = {
  MAKES_FD: 1,
  ENDS_FD: 2,
  USES_FD: 4,
  READS: 8,
  WRITES: 16,
  STATE: 32,
  WAITS: 64,
  /** sysdig does not look for its thread, and it does not come between a call's two events. */
  APART: 128,
  /** Its lengths have four bytes. */
  LARGE: 256,
} as const;

const FLAG_LETTERS: Readonly<Record<string, number>> = { C: 1, D: 2, U: 4, R: 8, W: 16, M: 32, T: 64, S: 128, L: 256 };

export interface EventSchema {
  readonly id: number;
  readonly name: string;
  readonly category: string;
  /** Bits of SchemaFlag, as today's tables have them. */
  readonly flags: number;
  /** The same in the tables of sysdig 0.29.3, for files with events for a call's beginning. */
  readonly classicFlags: number;
  /** How many of its parameters sysdig 0.29.3 knows; -1: it has not heard of it. */
  readonly classic: number;
  readonly params: readonly ParamSchema[];
  /** Where the parameter of a name lies. */
  readonly indexes: ReadonlyMap<string, number>;
}

/** An event that is none of a call's two: the kernel or the recorder said something. */
export type Sides = 'enter' | 'exit' | 'one';

/** Events that look like a pair, and are not. */
const UNPAIRED: ReadonlySet<string> = new Set(['drop', 'procexit']);

const schemas: (EventSchema | null)[] = EVENTS.trimEnd()
  .split('\n')
  .reduce<(EventSchema | null)[]>((all, line) => {
    const schema = parseLine(line);
    all[schema.id] = schema.name.startsWith('NA') ? null : schema;
    return all;
  }, []);

const sides: readonly Sides[] = schemas.map((schema, id) => sideOf(schema, id));

/** Number of event types known. */
export const TYPE_COUNT = schemas.length;

/** What an event of a type looks like; undefined: the type is not known, or not in use. */
export function schemaOf(id: number): EventSchema | undefined {
  return schemas[id] ?? undefined;
}

/** Where a parameter lies in a type's events; more than any event has: it has none of that name. */
export function indexOf(schema: EventSchema, name: string): number {
  return schema.indexes.get(name) ?? NOWHERE;
}

const NOWHERE = Number.MAX_SAFE_INTEGER;

/** Events that say who the numbers of users are. Where a call is two events, which older readers read too, they have no number of their own: those do not know them. */
const NOTES: ReadonlySet<string> = new Set(['useradded', 'userdeleted', 'groupadded', 'groupdeleted']);

export function isNote({ name }: EventSchema): boolean {
  return NOTES.has(name);
}

/** The kernel's thread ends with this event. */
export function endsThread({ name }: EventSchema): boolean {
  return name === 'procexit';
}

export function sidesOf(id: number): Sides {
  return sides[id] ?? 'one';
}

const calls = new Map(
  CALL_NAMES.trimEnd()
    .split('\n')
    .map((line) => {
      const [id, name, category] = line.split(' ');
      return [Number(id), { name: name!, category: category! }] as const;
    }),
);

/** The system call behind an event without a type of its own. */
export function callOf(id: number): { readonly name: string; readonly category: string } {
  return calls.get(id) ?? { name: `syscall-${id}`, category: 'other' };
}

function parseLine(line: string): EventSchema {
  const [id, name, category, flags, classic, ...rest] = line.split(' ');
  const params = rest.map(parseParam);
  return {
    id: Number(id),
    name: name!,
    category: category!,
    flags: flagBits(flags!.split('~')[0]!),
    classicFlags: flagBits(flags!.split('~').at(-1)!),
    classic: classic === '-' ? -1 : Number(classic),
    params,
    indexes: new Map(params.map((param, i) => [param.name, i] as const).reverse()),
  };
}

function flagBits(letters: string): number {
  return [...letters].reduce((bits, letter) => bits | (FLAG_LETTERS[letter] ?? 0), 0);
}

/** Number of a system call in events without a type of their own; null: the files have none for it. */
export function callNumber(name: string): number | null {
  for (const [id, call] of calls) if (call.name === name) return id;
  return null;
}

/** `name:type`, perhaps `~` and the type that older writers used. */
function parseParam(text: string): ParamSchema {
  const colon = text.indexOf(':');
  const type = text.slice(colon + 1).split('~')[0]!;
  return { name: text.slice(0, colon), kind: /^[a-z0-9]+/.exec(type)![0], type };
}

function sideOf(schema: EventSchema | null, id: number): Sides {
  if (schema === null || UNPAIRED.has(schema.name)) return 'one';
  if (id % 2 === 1) return 'exit';
  const exit = schemas[id + 1];
  if (exit === null || exit === undefined) return 'one';
  return schema.params.length > 0 && exit.params.length === 0 ? 'one' : 'enter';
}

/** Names of all events that a file may have. */
export function eventNames(): ReadonlySet<string> {
  return new Set([...schemas.flatMap((schema) => schema?.name ?? []), ...Array.from(calls.values(), ({ name }) => name)]);
}
