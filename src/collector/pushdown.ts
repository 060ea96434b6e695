/**
 * What of a filter the kernel can decide. The probe then records more than what matches and never less: the collector asks the
 * whole filter again. What an event or a process is called by comes from other events, and those are always recorded.
 */
import type { Check, Expr, Literal } from '../filter/ast.ts';
import { parseConstant } from '../filter/constant.ts';
import { parseFilter } from '../filter/parse.ts';
import { CALLS, FAMILIES } from '../model/calls.ts';
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

const IDS = new Map(CALLS.map(({ name, id }) => [name, id]));
/** Paths, programs and ends of processes are told by these: recorded whatever else is asked for. */
const NAMING = ['open', 'openat', 'openat2', 'creat', 'execve', 'execveat', 'procexit'].map((name) => IDS.get(name)!);

/** For the probe's configuration: all but what the kernel says of connections. `io` is whatever its descriptor is. */
export const FAMILIES_WITHOUT_NET = FAMILIES.filter((family) => family !== 'trouble' && family !== 'io');

/** What the kernel can decide of a filter. Throws FilterError for one that does not parse. */
export function pushedOf(filter: string): Pushed {
  const expr = parseFilter(filter);
  return expr === null ? {} : pushed(expr);
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
  const list = (values: Iterable<string | number>) => `(${[...values].join(', ')})`;
  const names = (ids: ReadonlySet<number>) => CALLS.filter(({ id }) => ids.has(id)).map(({ name }) => name);
  return [
    ...(calls === undefined ? [] : [`evt.type in ${list(names(calls))}`]),
    ...(comms === undefined ? [] : [`proc.name in ${list(comms)}`]),
    ...(pids === undefined ? [] : [`proc.pid in ${list(pids)} or below`]),
    ...(ports === undefined ? [] : [`fd.port in ${list(ports)}`]),
    ...(kinds === undefined ? [] : [`fd.type in ${list([...kinds].map((kind) => FD_KINDS[kind]!))}`]),
    ...(minLatency === undefined ? [] : [`evt.latency>=${minLatency}`]),
  ];
}

function pushed(expr: Expr): Pushed {
  if (expr.kind === 'check') return pushedCheck(expr);
  if (expr.kind === 'and') return expr.parts.map(pushed).reduce(both);
  return expr.kind === 'or' ? expr.parts.map(pushed).reduce(either) : {};
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

type Reader = (check: Check, values: readonly Literal[]) => Pushed;

/** Checks that name one of several values. A value that the field could not have, or that is no constant, restricts nothing. */
const BY_VALUE: Readonly<Record<string, Reader>> = {
  'evt.type': (_, values) =>
    part(
      'calls',
      values.map(({ text }) => IDS.get(text)),
    ),
  'syscall.type': (_, values) =>
    part(
      'calls',
      values.map(({ text }) => IDS.get(text)),
    ),
  'proc.name': (_, values) =>
    part(
      'comms',
      values.map(({ text }) => (Buffer.byteLength(text) <= MAX_COMM_BYTES ? text : undefined)),
    ),
  'proc.pid': pids,
  'proc.ppid': pids,
  'proc.apid': pids,
  'fd.type': (_, values) =>
    part(
      'kinds',
      values.map(({ text }) => kindOf(text)),
    ),
  'fd.port': ports,
  'fd.sport': ports,
  'fd.cport': ports,
  'fd.lport': ports,
  'fd.rport': ports,
};

function pushedCheck(check: Check): Pushed {
  if (check.left.kind !== 'field' || check.modifier !== null) return {};
  const { name, arg } = check.left;
  const values = check.right?.kind === 'values' ? check.right.values : [];
  if (name === 'evt.latency' && (check.operator === '>' || check.operator === '>=') && values.length === 1)
    return latency(check.operator, values[0]!);
  if (name.startsWith('dns.')) return onIpSockets(check);
  if (values.length === 0 || !['=', '==', 'in'].includes(check.operator) || arg !== null) return {};
  return BY_VALUE[name]?.(check, values) ?? {};
}

/** DNS is told by its looks, whatever its port. */
function onIpSockets({ operator }: Check): Pushed {
  return operator === '!=' ? {} : { kinds: new Set([FD_KINDS.indexOf('ipv4'), FD_KINDS.indexOf('ipv6')]) };
}

function kindOf(text: string): number | undefined {
  const kind = FD_KINDS.indexOf(text as FdKind);
  return kind < 0 ? undefined : kind;
}

function pids(_: Check, values: readonly Literal[]): Pushed {
  return part(
    'pids',
    values.map(({ text }) => (/^[0-9]+$/.test(text) ? Number(text) : undefined)),
  );
}

function ports(_: Check, values: readonly Literal[]): Pushed {
  return part(
    'ports',
    values.map((literal) => constantOf('port', literal)),
  );
}

function latency(operator: '>' | '>=', literal: Literal): Pushed {
  const span = constantOf('span', literal);
  return span === undefined || span < 0 ? {} : { minLatency: operator === '>' ? Math.floor(span) + 1 : Math.ceil(span) };
}

function constantOf(type: 'port' | 'span', literal: Literal): number | undefined {
  try {
    const value = parseConstant(type, literal, { text: literal.text, epoch: 0n });
    return typeof value === 'number' ? value : undefined;
  } catch {
    return undefined; // the collector compiles the same filter and says what is wrong with it
  }
}

function part<T>(name: 'calls' | 'comms' | 'pids' | 'ports' | 'kinds', values: readonly (T | undefined)[]): Pushed {
  return values.includes(undefined) ? {} : (tidy({ [name]: new Set(values as T[]) } as Loose) as Pushed);
}
