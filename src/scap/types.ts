/** What is to be done with events of each type, and the types that a file defines for itself: one per shape that occurs. */
import { FAMILIES, type Family } from '../model/calls.ts';
import { type ArgType, type EventType, FIRST_IMPORTED } from '../model/event-type.ts';
import type { DimensionTables } from '../model/rows.ts';
import { ScapDamage } from './blocks.ts';
import { HANDLERS, type Handler, SIZE_HANDLERS } from './handlers.ts';
import { callOf, type EventSchema, endsThread, isNote, type ParamSchema, SchemaFlag, type Sides, schemaOf, sidesOf } from './schema.ts';

/** Where an argument comes from: parameter `index` of the event that ends the call, or of the one that begins it. */
export interface ArgPlan {
  readonly ofEnter: boolean;
  readonly index: number;
  readonly how: 'number' | 'unsigned' | 'text' | 'fd' | 'fdlist' | 'bytes';
}

/** How events of one shape are stored. */
export interface TypePlan {
  readonly id: number;
  readonly schema: EventSchema;
  /** Of the event that began the call; null: no argument comes from it. */
  readonly enterSchema: EventSchema | null;
  readonly args: readonly ArgPlan[];
  /** Those of them that are descriptors: what these stand for is known when the event comes, and only then. */
  readonly fdArgs: readonly ArgPlan[];
  /** The result is parameter 0. */
  readonly hasRes: boolean;
  /** The parameter with the payload; -1: none. */
  readonly data: number;
}

/** Types are numbers of two bytes. */
const LAST_ID = 0xffff;

/** Types without parameters of their own carry a system call's number in their first. */
export const GENERIC_ENTER = 0;
export const GENERIC_EXIT = 1;

const UNSIGNED: ReadonlySet<string> = new Set([
  'uint8', 'uint16', 'uint32', 'uint64', 'flags8', 'flags16', 'flags32', 'enumflags8', 'enumflags16', 'enumflags32', 'mode',
  'uid', 'gid', 'reltime', 'abstime', 'port', 'l4proto', 'sockfamily', 'bool', 'sigset', 'sigtype', 'syscallid', 'ipv4addr',
]); // biome-ignore format: a list
const SIGNED: ReadonlySet<string> = new Set(['int8', 'int16', 'int32', 'int64', 'errno', 'pid', 'pid32']);
const TEXTS: ReadonlySet<string> = new Set(['charbuf', 'fspath', 'fsrelpath']);
const RESULTS: ReadonlySet<string> = new Set(['res', 'fd', 'res_or_fd']);

/** sysdig's categories → the families by which Trowel counts. */
const CATEGORY_FAMILIES: Readonly<Record<string, Family>> = {
  net: 'net', file: 'file', io: 'io', IPC: 'ipc', process: 'process', wait: 'wait', sleep: 'wait',
}; // biome-ignore format: a table

/** What is done about an event's thread: none is looked for, only one that is known counts, or an unknown one is created. */
export type ThreadLookup = 'skip' | 'existing' | 'create';

const FD_FLAGS = SchemaFlag.MAKES_FD | SchemaFlag.USES_FD | SchemaFlag.ENDS_FD;
const CLONES: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork']);
/** Most parameters, and one more for "none": the base of a plan's key. */
const COUNTS = 66;

/** What is to be done with events of one type. */
export class EventKind {
  readonly side: Sides;
  readonly threadLookup: ThreadLookup;
  readonly usesFd: boolean;
  /** It is about a descriptor. */
  readonly hasFd: boolean;
  /** The parameter of a call's end that is the descriptor it worked on; more than any event has: none. */
  readonly fdParam: number;
  /** That parameter counts even where the call's beginning named a descriptor. */
  readonly prefersFdParam: boolean;
  readonly isGeneric: boolean;
  /** It opens a path. */
  readonly opens: boolean;
  /** It brings a container, or Kubernetes objects. */
  readonly metadata: 'container' | 'k8s' | null;
  readonly endsThread: boolean;
  /** False: it is passed over when events are numbered, and stored nowhere. */
  readonly isNumbered: boolean;
  /** An event of its own that comes between a call's two. */
  readonly intervenes: boolean;
  readonly #plans = new Map<number, TypePlan>();
  #lastKey = -1;
  #last: TypePlan | null = null;

  constructor(
    readonly type: number,
    readonly schema: EventSchema,
    exitOnly: boolean,
    readonly handler: Handler | undefined,
    private readonly make: (exits: number, enters: number, call: number) => TypePlan,
  ) {
    const flags = exitOnly ? schema.flags : schema.classicFlags;
    const apart = (schema.flags & SchemaFlag.APART) !== 0;
    this.side = sidesOf(type);
    this.threadLookup = threadLookupOf(schema, apart);
    this.usesFd = (flags & SchemaFlag.USES_FD) !== 0;
    this.hasFd = (flags & FD_FLAGS) !== 0;
    this.isNumbered = exitOnly || !isNote(schema);
    this.isGeneric = type === GENERIC_ENTER || type === GENERIC_EXIT;
    this.fdParam = fdParamOf(schema);
    this.prefersFdParam = schema.name === 'copy_file_range';
    this.opens = schema.name.startsWith('open');
    this.metadata = schema.name === 'container' || schema.name === 'k8s' ? schema.name : null;
    this.endsThread = endsThread(schema);
    this.intervenes = schema.name !== 'switch' && type % 2 === 0 && !apart;
  }

  /**
   * The plan for events whose ending event has `exits` parameters and whose beginning one `enters`; -1: there is none.
   * `call`: the number of the system call where the type is generic.
   */
  plan(exits: number, enters: number, call: number): TypePlan {
    const key = ((exits + 1) * COUNTS + enters + 1) * 65_536 + call;
    if (key === this.#lastKey) return this.#last!;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = this.make(exits, enters, call);
      this.#plans.set(key, plan);
    }
    this.#lastKey = key;
    this.#last = plan;
    return plan;
  }
}

function threadLookupOf({ name }: EventSchema, apart: boolean): ThreadLookup {
  if (apart) return name === 'procinfo' ? 'existing' : 'skip';
  return name === 'container' || name === 'switch' || CLONES.has(name) ? 'existing' : 'create';
}

function fdParamOf({ name, flags, params }: EventSchema): number {
  if (name === 'copy_file_range') return 1;
  const made = flags & SchemaFlag.MAKES_FD || params[0]?.name === 'res' ? 0 : -1;
  const index = params.findIndex(({ kind }, i) => kind === 'fd' && i !== made);
  return index < 0 ? Number.MAX_SAFE_INTEGER : index;
}

export class EventTypes {
  readonly #tables: DimensionTables;
  readonly #kinds: (EventKind | null | undefined)[] = [];
  #nextId = FIRST_IMPORTED;
  readonly #exitOnly: boolean;
  readonly #sizes: boolean;

  /** `sizes`: threads' sizes are kept. */
  constructor(tables: DimensionTables, exitOnly: boolean, sizes: boolean) {
    this.#tables = tables;
    this.#exitOnly = exitOnly;
    this.#sizes = sizes;
  }

  /** Null: the type is not known. */
  kind(type: number): EventKind | null {
    let kind = this.#kinds[type];
    if (kind === undefined) {
      const schema = schemaOf(type);
      kind =
        schema === undefined
          ? null
          : new EventKind(type, schema, this.#exitOnly, this.#handler(type), (...shape) => this.#make(type, ...shape));
      this.#kinds[type] = kind;
    }
    return kind;
  }

  #handler(type: number): Handler | undefined {
    const handler = HANDLERS[type];
    return handler !== undefined && !this.#sizes && SIZE_HANDLERS.has(handler) ? undefined : handler;
  }

  #make(type: number, exits: number, enters: number, call: number): TypePlan {
    const schema = schemaOf(type)!;
    const enterSchema = exits < 0 ? schema : schemaOf(type - 1);
    const row: ArgType[] = [];
    const args: ArgPlan[] = [];
    const add = (param: ParamSchema, plan: ArgPlan, column: ArgType['column']) => {
      const storage = column !== null ? 'column' : plan.how === 'number' || plan.how === 'unsigned' ? 'number' : 'bytes';
      row.push({
        name: param.name,
        format: formatOf(param, schema),
        column,
        storage,
        ...(plan.ofEnter ? { enter: true } : {}),
      });
      if (column === null) args.push(plan);
    };
    const ends = schema.params.slice(0, Math.max(0, exits));
    const hasRes = ends.length > 0 && RESULTS.has(ends[0]!.name);
    const data = ends.findIndex(({ name, kind }) => name === 'data' && kind === 'bytebuf');
    ends.forEach((param, index) => {
      const column = index === 0 && hasRes ? 'res' : index === data ? 'data' : null;
      add(param, { ofEnter: false, index, how: howOf(param) }, column);
    });
    (enterSchema?.params ?? []).slice(0, Math.max(0, enters)).forEach((param, index) => {
      const fd = index === 0 && param.kind === 'fd' && keepsFd(enterSchema!);
      add(param, { ofEnter: exits >= 0, index, how: howOf(param) }, fd ? 'fd' : null);
    });
    const id = this.#nextId++;
    if (id > LAST_ID) throw new ScapDamage(`more than ${LAST_ID - FIRST_IMPORTED} kinds of events`);
    this.#tables.types.put(typeRow(id, schema, this.#exitOnly ? schema.flags : schema.classicFlags, row, type, call));
    return {
      id,
      schema,
      enterSchema: exits >= 0 && args.some(({ ofEnter }) => ofEnter) ? enterSchema! : null,
      args,
      fdArgs: args.filter(({ how }) => how === 'fd' || how === 'fdlist'),
      hasRes,
      data,
    };
  }
}

/** The event's descriptor is the one that the call was given, not one that it made. */
function keepsFd({ classicFlags, name }: EventSchema): boolean {
  return (classicFlags & (SchemaFlag.USES_FD | SchemaFlag.MAKES_FD)) === SchemaFlag.USES_FD && name !== 'fcntl';
}

function typeRow(id: number, schema: EventSchema, flags: number, args: readonly ArgType[], type: number, call: number): EventType {
  const generic = type === GENERIC_ENTER || type === GENERIC_EXIT;
  const { name, category } = generic ? callOf(call) : schema;
  const family = CATEGORY_FAMILIES[category];
  return {
    id,
    name,
    category,
    family: family !== undefined && FAMILIES.includes(family) ? family : 'other',
    io: flags & SchemaFlag.WRITES ? 'write' : flags & SchemaFlag.READS ? 'read' : null,
    wait: (flags & SchemaFlag.WAITS) !== 0,
    makesFd: (flags & SchemaFlag.MAKES_FD) !== 0,
    usesFd: (flags & SchemaFlag.USES_FD) !== 0,
    syscall: generic || !['internal', 'scheduler', 'signal'].includes(category) || ['kill', 'tkill', 'tgkill'].includes(name),
    args,
  };
}

function howOf({ kind }: ParamSchema): ArgPlan['how'] {
  if (kind === 'fd' || kind === 'fd32') return 'fd';
  if (kind === 'fdlist') return 'fdlist';
  if (UNSIGNED.has(kind)) return 'unsigned';
  if (SIGNED.has(kind)) return 'number';
  return TEXTS.has(kind) ? 'text' : 'bytes';
}

function formatOf(param: ParamSchema, schema: EventSchema): ArgType['format'] {
  if (param.kind === 'bytebuf' && param.name === 'data') return 'bytes';
  const at = param.type.indexOf('@');
  return at < 0 ? `scap:${param.type}` : `scap:${param.type.slice(0, at)}@${schema.params[Number(param.type.slice(at + 1))]?.name ?? ''}`;
}
