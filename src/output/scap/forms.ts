/** As what an event is written: the type of sysdig 0.29.3 that has its name, or the one for calls without a type of their own. */
import type { EventType } from '../../model/event-type.ts';
import { callNumber, type EventSchema, type ParamSchema, schemaOf, sidesOf, TYPE_COUNT } from '../../scap/schema.ts';
import { GENERIC_ENTER, GENERIC_EXIT } from '../../scap/types.ts';

/** One of a call's two events, or an event of its own. */
export interface EventForm {
  readonly type: number;
  readonly params: readonly ParamSchema[];
}

export interface Form {
  /** Null: it is an event of its own. */
  readonly enter: EventForm | null;
  readonly exit: EventForm;
  /** Number of the system call where the type is generic. */
  readonly call: number;
  /** Its name in the file. */
  readonly name: string;
}

/** Calls that sysdig 0.29.3 counts among others, which take the same; of several messages each is one of its own. */
const ALIASES: Readonly<Record<string, string>> = {
  accept4: 'accept',
  preadv2: 'preadv',
  pwritev2: 'pwritev',
  dup2: 'dup',
  dup3: 'dup',
  pipe2: 'pipe',
  eventfd2: 'eventfd',
  inotify_init1: 'inotify_init',
  signalfd4: 'signalfd',
  umount2: 'umount',
  epoll_pwait: 'epoll_wait',
  sendmmsg: 'sendmsg',
  recvmmsg: 'recvmsg',
};

/** Null: sysdig 0.29.3 has nothing like it. */
export function formOf(type: EventType): Form | null {
  const name = type.name === 'accept4' ? 'accept' : (ALIASES[type.name] ?? type.name);
  const id = latestOf(name, type.name === 'accept4');
  if (id !== null) return formAt(id, name);
  const call = type.syscall ? callNumber(type.name) : null;
  return call === null ? null : { ...formAt(GENERIC_ENTER, type.name), call };
}

function formAt(id: number, name: string): Form {
  const exit = sidesOf(id) === 'enter' ? id + 1 : id;
  return { enter: exit === id ? null : eventForm(id), exit: eventForm(exit), call: 0, name };
}

function eventForm(type: number): EventForm {
  const { params, classic } = schemaOf(type)!;
  return { type, params: params.slice(0, classic) };
}

/** The last version of a type that 0.29.3 knows: the number of a call's beginning, or of an event of its own. */
function latestOf(name: string, withFlags: boolean): number | null {
  let found: number | null = null;
  for (let id = GENERIC_EXIT + 1; id < TYPE_COUNT; id++) {
    const schema = schemaOf(id);
    if (schema?.name !== name || schema.classic < 0 || sidesOf(id) === 'exit' || isEmptyOne(id, schema)) continue;
    if (name === 'accept' && schema.params.length > 0 !== withFlags) continue;
    found = id;
  }
  return found;
}

/** What only fills a place in the table: as events of their own they say nothing. */
const isEmptyOne = (id: number, { params }: EventSchema) => sidesOf(id) === 'one' && params.length === 0;
