/**
 * What of a filter the kernel can decide. The probe then records more than what matches and never less: the collector asks the
 * whole filter again. What an event or a process is called by comes from other events, and those are always recorded.
 */
import { type Field, needs, type Pushdown } from '../event/fields/field.ts';
import { fieldPushedAs } from '../event/fields/index.ts';
import type { Operator } from '../filter/ast.ts';
import { type Comparison, type Condition, type Constant, conditionOf, fieldsOf, knownField, type Plan } from '../filter/plan.ts';
import { CALLS, EXEC_CALLS, FAMILIES, OPEN_CALLS } from '../model/calls.ts';
import { FD_KINDS, type FdKind } from '../model/rows.ts';
import type { Config } from './wire.ts';

/** What the probe shall restrict itself to; a part that is absent restricts nothing. All parts must hold. */
export interface Pushed {
  readonly calls?: ReadonlySet<number>;
  readonly comms?: ReadonlySet<string>;
  /** With all descendants. */
  readonly pids?: ReadonlySet<number>;
  /** Either end. */
  readonly ports?: ReadonlySet<number>;
  readonly kinds?: ReadonlySet<number>;
  /** ns. */
  readonly minLatency?: number;
}

/** Beyond this the probe's list is full, and comparing costs more than it saves. */
const MAX_COMMS = 8;
const MAX_PORTS = 256;
const MAX_PIDS = 256;
/** The kernel keeps 15 bytes of a name. */
const MAX_COMM_BYTES = 15;
/** PID_MAX_LIMIT of 64-bit kernels. */
const MAX_PID = 2 ** 22;

const IDS = new Map(CALLS.map(({ name, id }) => [name, id]));
/** Paths, programs, sockets that find nobody, and ends of processes are told by these: recorded whatever else is asked for. */
const NAMING = [...OPEN_CALLS, 'connect', ...EXEC_CALLS, 'procexit'].map((name) => IDS.get(name)!);

/** For the probe's configuration: all but what the kernel says of connections. `io` is whatever its descriptor is. */
export const FAMILIES_WITHOUT_NET = FAMILIES.filter((family) => family !== 'trouble' && family !== 'io');

/** Sockets that carry DNS, and that services are reached by. */
const IP_KINDS: ReadonlySet<number> = new Set([FD_KINDS.indexOf('ipv4'), FD_KINDS.indexOf('ipv6')]);

/** What the kernel can decide of a filter; of null, which everything matches, nothing. */
export function pushedOf(plan: Plan | null): Pushed {
  return plan === null ? {} : sparing(fieldsOf(plan), pushed(conditionOf(plan)));
}

/** Leaves alone what events of others the fields' values come from: an answer is needed by who asks for its query's latency. */
function sparing(fields: readonly Field[], { kinds, ...rest }: Pushed): Pushed {
  if (fields.some((field) => needs(field, 'every event'))) return {};
  const narrowed = kinds === undefined ? {} : { kinds };
  if (!fields.some((field) => needs(field, 'socket events')))
    return fields.some((field) => needs(field, 'connection events'))
      ? { ...wholeConnections(rest), ...narrowed }
      : { ...rest, ...narrowed };
  return kinds === undefined ? {} : { kinds: new Set([...kinds, ...IP_KINDS]) };
}

/** What does not cut through a connection: a process has it with all of its threads, whatever they call and are called. */
function wholeConnections({ pids, ports }: Omit<Pushed, 'kinds'>): Pushed {
  return { ...(pids === undefined ? {} : { pids }), ...(ports === undefined ? {} : { ports }) };
}

/** The part of the probe's configuration that says the same. */
export function pushedConfig({ calls, comms, pids, ports, kinds, minLatency }: Pushed): Config {
  return {
    ...(calls === undefined ? {} : { calls: [...new Set([...calls, ...NAMING])] }),
    ...(comms === undefined ? {} : { comms: [...comms].map((comm) => Buffer.from(comm)) }),
    ...(pids === undefined ? {} : { pids: [...pids] }),
    ...(ports === undefined ? {} : { ports: [...ports] }),
    ...(kinds === undefined ? {} : { fdKinds: [...kinds] }),
    ...(minLatency === undefined ? {} : { minLatencyNs: minLatency }),
  };
}

/** In words: `proc.name in (curl)`, `fd.port in (53)`. */
export function pushedText({ calls, comms, pids, ports, kinds, minLatency }: Pushed): string[] {
  const one = (pushdown: Pushdown, values: Iterable<string | number> | undefined, more = '') =>
    values === undefined ? [] : [`${fieldPushedAs(pushdown).name} in (${[...values].join(', ')})${more}`];
  const names = calls === undefined ? undefined : CALLS.filter(({ id }) => calls.has(id)).map(({ name }) => name);
  return [
    ...one('call', names),
    ...one('comm', comms),
    ...one('pid', pids, ' or below'),
    ...one('port', ports),
    ...one('fdKind', kinds === undefined ? undefined : Array.from(kinds, (kind) => FD_KINDS[kind]!)),
    ...(minLatency === undefined ? [] : [`${fieldPushedAs('latency').name}>=${minLatency}`]),
  ];
}

function pushed(condition: Condition): Pushed {
  switch (condition.kind) {
    case 'check':
      return pushedCheck(condition);
    case 'and':
      return condition.parts.map(pushed).reduce(both);
    case 'or':
      return condition.parts.map(pushed).reduce(either);
    case 'not':
      return {};
  }
}

/** Both hold: what either restricts is restricted; of two lists the shorter one is enough. */
function both(a: Pushed, b: Pushed): Pushed {
  const shorter = <T>(x: ReadonlySet<T> | undefined, y: ReadonlySet<T> | undefined) =>
    x !== undefined && y !== undefined ? (x.size <= y.size ? x : y) : (x ?? y);
  const longer = Math.max(a.minLatency ?? 0, b.minLatency ?? 0);
  return tidy({
    calls: shorter(a.calls, b.calls),
    comms: shorter(a.comms, b.comms),
    pids: shorter(a.pids, b.pids),
    ports: shorter(a.ports, b.ports),
    kinds: shorter(a.kinds, b.kinds),
    minLatency: longer > 0 ? longer : undefined,
  });
}

/** One of them holds: only what both restrict is restricted, to what either allows. */
function either(a: Pushed, b: Pushed): Pushed {
  const union = <T>(x: ReadonlySet<T> | undefined, y: ReadonlySet<T> | undefined) =>
    x === undefined || y === undefined ? undefined : new Set([...x, ...y]);
  return tidy({
    calls: union(a.calls, b.calls),
    comms: union(a.comms, b.comms),
    pids: union(a.pids, b.pids),
    ports: union(a.ports, b.ports),
    kinds: union(a.kinds, b.kinds),
    minLatency: a.minLatency === undefined || b.minLatency === undefined ? undefined : Math.min(a.minLatency, b.minLatency),
  });
}

type Loose = { readonly [Part in keyof Pushed]: Pushed[Part] | undefined };

/** Leaves out what restricts nothing, and lists that are too long for the probe. */
function tidy({ calls, comms, pids, ports, kinds, minLatency }: Loose): Pushed {
  return {
    ...(calls === undefined ? {} : { calls }),
    ...(comms === undefined || comms.size > MAX_COMMS ? {} : { comms }),
    ...(pids === undefined || pids.size > MAX_PIDS ? {} : { pids }),
    ...(ports === undefined || ports.size > MAX_PORTS ? {} : { ports }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(minLatency === undefined ? {} : { minLatency }),
  };
}

/** What one check restricts. Nothing where it is of no field alone, or where its operator is satisfied by values that it does not name. */
function pushedCheck({ left, operator, modifier, constants }: Comparison): Pushed {
  if (left.kind !== 'field' || modifier !== null) return {};
  const field = knownField(left.field);
  if (field.scope === 'dns') return { kinds: IP_KINDS }; // DNS is told by its looks, whatever its port
  if (field.pushdown === undefined || left.arg !== '' || constants.length === 0) return {};
  return field.pushdown === 'latency' ? latency(operator, constants) : listed(field.pushdown, operator, constants);
}

function listed(pushdown: Exclude<Pushdown, 'latency'>, operator: Operator, constants: readonly Constant[]): Pushed {
  return operator === '=' || operator === '==' || operator === 'in' ? LISTS[pushdown](constants) : {};
}

/** Checks that name one of several values. A value that the field could not have, or that the kernel cannot compare, restricts nothing. */
const LISTS: Readonly<Record<Exclude<Pushdown, 'latency'>, (constants: readonly Constant[]) => Pushed>> = {
  call: (constants) =>
    list(
      'calls',
      constants.map((name) => (typeof name === 'string' ? IDS.get(name) : undefined)),
    ),
  comm: (constants) => list('comms', constants.map(commOf)),
  pid: (constants) => list('pids', constants.map(pidOf)),
  port: (constants) =>
    list(
      'ports',
      constants.map((port) => (typeof port === 'number' ? port : undefined)),
    ),
  fdKind: (constants) => list('kinds', constants.map(kindOf)),
};

function commOf(constant: Constant): string | undefined {
  return typeof constant === 'string' && Buffer.byteLength(constant) <= MAX_COMM_BYTES ? constant : undefined;
}

/** The probe looks for ancestors up to, and not including, the first process. */
function pidOf(constant: Constant): number | undefined {
  return typeof constant === 'number' && Number.isInteger(constant) && constant > 1 && constant <= MAX_PID ? constant : undefined;
}

function kindOf(constant: Constant): number | undefined {
  const kind = FD_KINDS.indexOf(constant as FdKind);
  return kind < 0 ? undefined : kind;
}

function latency(operator: Operator, [span]: readonly Constant[]): Pushed {
  if ((operator !== '>' && operator !== '>=') || typeof span !== 'number' || span < 0 || span > Number.MAX_SAFE_INTEGER) return {};
  return { minLatency: operator === '>' ? Math.floor(span) + 1 : Math.ceil(span) };
}

function list<T>(name: 'calls' | 'comms' | 'pids' | 'ports' | 'kinds', values: readonly (T | undefined)[]): Pushed {
  return values.includes(undefined) ? {} : (tidy({ [name]: new Set(values as T[]) } as Loose) as Pushed);
}
