/** The event types that a file defines for itself, one per shape that occurs, and how the arguments of such an event are stored. */
import { FAMILIES, type Family } from '../model/calls.ts';
import { type ArgType, type EventType, FIRST_IMPORTED } from '../model/event-type.ts';
import type { DimensionTables } from '../model/rows.ts';
import { callOf, type EventSchema, type ParamSchema, SchemaFlag, schemaOf } from './schema.ts';

/** Where an argument comes from: parameter `index` of the event that ends the call, or of the one that begins it. */
export interface ArgPlan {
  readonly ofEnter: boolean;
  readonly index: number;
  readonly how: 'number' | 'unsigned' | 'text' | 'fd' | 'fdlist' | 'bytes';
}

/** How events of one shape are stored. */
export interface TypePlan {
  readonly id: number;
  readonly args: readonly ArgPlan[];
  /** The result is parameter 0. */
  readonly hasRes: boolean;
  /** The parameter with the payload; -1: none. */
  readonly data: number;
}

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

export class EventTypes {
  readonly #tables: DimensionTables;
  readonly #plans = new Map<number, TypePlan>();
  #nextId = FIRST_IMPORTED;
  readonly #exitOnly: boolean;

  constructor(tables: DimensionTables, exitOnly: boolean) {
    this.#tables = tables;
    this.#exitOnly = exitOnly;
  }

  /**
   * The plan for events of a type, whose ending event has `exits` parameters and whose beginning one `enters`; -1: there is
   * none. `call`: the number of the system call where the type is generic.
   */
  plan(type: number, exits: number, enters: number, call: number): TypePlan {
    const key = ((type * 128 + exits + 1) * 128 + enters + 1) * 65_536 + call;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = this.#make(type, exits, enters, call);
      this.#plans.set(key, plan);
    }
    return plan;
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
        ...(plan.ofEnter && exits >= 0 ? { enter: true } : {}),
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
      const fd = index === 0 && param.kind === 'fd' && ((enterSchema?.classicFlags ?? 0) & SchemaFlag.USES_FD) !== 0;
      add(param, { ofEnter: true, index, how: howOf(param) }, fd ? 'fd' : null);
    });
    const id = this.#nextId++;
    this.#tables.types.put(typeRow(id, schema, this.#exitOnly ? schema.flags : schema.classicFlags, row, type, call));
    return { id, args, hasRes, data };
  }
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
