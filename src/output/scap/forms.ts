/** As what an event is written: the type of sysdig 0.29.3 that has its name, or the one for calls without a type of their own. */
import { type EventType, isImported } from '../../model/event-type.ts';
import { callNumber, callOf, type EventSchema, type ParamSchema, SchemaFlag, schemaOf, sidesOf, TYPE_COUNT } from '../../scap/schema.ts';
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
  /** Number of the system call where the type is generic; else null. */
  readonly call: number | null;
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

/** The last system call that 0.29.3 has a name for: of later ones it looks for the name beyond its table. */
const LAST_CALL = 328;

/** Null: sysdig 0.29.3 has nothing like it. */
export function formOf(type: EventType): Form | null {
  const other = ALIASES[type.name];
  const own = isImported(type) || other === undefined ? bestOf(type.name, type) : null;
  if (own !== null) return formAt(own, type.name);
  const id = other === undefined ? null : bestOf(other, type);
  if (id !== null) return formAt(id, other!);
  const call = type.syscall ? callNumber(type.name) : null;
  if (call === null) return null;
  return call > LAST_CALL ? { ...formAt(GENERIC_ENTER, callOf(0).name), call: 0 } : { ...formAt(GENERIC_ENTER, type.name), call };
}

function formAt(id: number, name: string): Form {
  const exit = sidesOf(id) === 'enter' ? id + 1 : id;
  return { enter: exit === id ? null : eventForm(id), exit: eventForm(exit), call: null, name };
}

function eventForm(type: number): EventForm {
  const { params, classic, flags } = schemaOf(type)!;
  return { type, params: params.slice(0, classic), large: (flags & SchemaFlag.LARGE) !== 0 };
}

/** The version of a type that 0.29.3 knows and that has most of an event's arguments, of several the last: the number of a call's beginning, or of an event of its own. */
function bestOf(name: string, type: EventType): number | null {
  let found: number | null = null;
  let most = -1;
  for (let id = GENERIC_EXIT + 1; id < TYPE_COUNT; id++) {
    const schema = schemaOf(id);
    if (schema?.name !== name || schema.classic < 0 || sidesOf(id) === 'exit' || isEmptyOne(id, schema)) continue;
    const shared = sharedBy(formAt(id, name), type);
    if (shared >= most) [found, most] = [id, shared];
  }
  return found;
}

/** Parameters that are arguments; where a file has both sides, each on its own. */
function sharedBy({ enter, exit }: Form, { args }: EventType): number {
  const count = (form: EventForm | null, begins: boolean) =>
    (form?.params ?? []).filter(({ name }) => args.some((arg) => arg.name === name && (arg.enter === true) === begins)).length;
  return count(exit, false) + count(enter, true) + (enter?.params.some(({ name }) => args.some((arg) => arg.name === name)) ? 0.5 : 0);
}

/** What only fills a place in the table: as events of their own they say nothing. */
const isEmptyOne = (id: number, { params }: EventSchema) => sidesOf(id) === 'one' && params.length === 0;
