/** As what an event is written: the type of sysdig 0.29.3 that has its name, or the one for calls without a type of their own. */
import { type EventType, isImported } from '../../model/event-type.ts';
import { callNumber, type EventSchema, type ParamSchema, SchemaFlag, schemaOf, sidesOf, TYPE_COUNT } from '../../scap/schema.ts';
import { GENERIC_ENTER, GENERIC_EXIT } from '../../scap/types.ts';

/** One of a call's two events, or an event of its own. */
export interface EventForm {
  readonly type: number;
  readonly params: readonly ParamSchema[];
  /** Its lengths have four bytes. */
  readonly large: boolean;
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
  const other = ALIASES[type.name];
  const own = isImported(type) || other === undefined ? latestOf(type.name, takesFlags(type)) : null;
  if (own !== null) return formAt(own, type.name);
  const id = other === undefined ? null : latestOf(other, takesFlags(type));
  if (id !== null) return formAt(id, other!);
  const call = type.syscall ? callNumber(type.name) : null;
  return call === null ? null : { ...formAt(GENERIC_ENTER, type.name), call };
}

/** Of the two that the files call accept, the one for accept4. */
const takesFlags = ({ name, args }: EventType) => name === 'accept4' || args.some((arg) => arg.name === 'flags');

function formAt(id: number, name: string): Form {
  const exit = sidesOf(id) === 'enter' ? id + 1 : id;
  return { enter: exit === id ? null : eventForm(id), exit: eventForm(exit), call: 0, name };
}

function eventForm(type: number): EventForm {
  const { params, classic, flags } = schemaOf(type)!;
  return { type, params: params.slice(0, classic), large: (flags & SchemaFlag.LARGE) !== 0 };
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
