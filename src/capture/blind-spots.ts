/**
 * What a capture cannot show, whatever is asked: as much a fact of it as what was lost. Each kind is one row of the table below;
 * the rest of this file finds out which of them a capture has.
 */
import { type Dimensions, type DimensionTables, isHiddenByRing } from '../model/rows.ts';
import { MS } from '../model/time.ts';
import { type CaptureMeta, importGaps, leftOutText } from './meta.ts';

/** What may be there and is not seen. */
export type Hidden =
  | 'events'
  | 'end'
  | 'waits'
  | 'short-waits'
  | 'latency'
  | 'pending'
  | 'payload'
  | 'payload-tail'
  | 'arguments'
  | 'file-io'
  | 'network-io'
  | 'file-names'
  | 'processes'
  | 'execs'
  | 'exits'
  | 'signals'
  | 'packets'
  | 'retransmits'
  | 'resets'
  | 'dropped-packets'
  | 'tcp-states'
  | 'accept-queues'
  | 'udp-queues'
  | 'names'
  | 'users'
  | 'node-network';

export interface BlindSpot {
  /** Stable: a key of BLIND_SPOTS, or an id that a newer probe told. */
  readonly id: string;
  /** One sentence: what it means for who reads the capture. Holds text of the recorded machine. */
  readonly what: string;
  /** Why, in the words of the kernel or of who recorded; empty: `what` says all. */
  readonly reason: string;
  /** ns since the capture's start between which it was so; null: all the time. */
  readonly from: number | null;
  readonly to: number | null;
  readonly hides: readonly Hidden[];
  /** By choice or by kind: nearly every capture has it, and it is no reason to be alarmed. */
  readonly usual: boolean;
}

interface Kind {
  /** `#` stands for what is known in the case. */
  readonly what: string;
  readonly hides: readonly Hidden[];
  readonly usual?: true;
}

const PACKETS: readonly Hidden[] = ['packets', 'retransmits', 'resets', 'dropped-packets', 'tcp-states', 'accept-queues', 'udp-queues'];

/** Ids without a dash or with a dot or underscore are those of the probe (native/feature.c). */
// biome-ignore format: a table
export const BLIND_SPOTS = {
  // What the kernel lacked or refused
  raw_tp: { what: 'this kernel runs only the simpler hooks: signals, and what the kernel says of connections (retransmissions, resets, drops, full queues), are not seen', hides: ['signals', ...PACKETS] },
  latency: { what: 'how long calls take was not measured: waits are missing, and nothing here was slow or fast', hides: ['latency', 'waits'] },
  pending: { what: 'calls that had not returned when the recording ended are missing: what hung to the end looks as if it did nothing', hides: ['pending'] },
  existing_fds: { what: 'files opened before the recording have no names, and full accept queues of sockets that listened before are not seen', hides: ['file-names', 'accept-queues'] },
  existing_processes: { what: 'processes that did nothing during the recording have no names', hides: ['processes'] },
  signals: { what: 'signals are not seen: who was stopped or killed looks as if it ended or slept by itself', hides: ['signals'] },
  'proc.exec': { what: 'programs that were started by execve are not seen', hides: ['execs', 'processes'] },
  'proc.exit': { what: 'ends of processes are not seen: one that died looks as if it did nothing more', hides: ['exits', 'processes'] },
  'proc.fork': { what: 'children of the processes asked for are missing once their parent is gone', hides: ['processes', 'events'] },
  'proc.killer': { what: 'who sent a fatal signal is not known', hides: ['signals'] },
  'net.retransmit': { what: 'TCP retransmissions are not seen: lost packets and unanswered connects look like a slow server', hides: ['packets', 'retransmits'] },
  'net.reset_sent': { what: 'TCP resets that were sent are not seen', hides: ['packets', 'resets'] },
  'net.reset_sent_no_socket': { what: 'TCP resets of closed ports are not seen where they are sent', hides: ['resets'] },
  'net.reset_received': { what: 'TCP resets that were received are not seen', hides: ['packets', 'resets'] },
  'net.reset': { what: 'TCP resets are not seen', hides: ['packets', 'resets'] },
  'net.state': { what: 'TCP state changes are not seen', hides: ['tcp-states'] },
  'net.drop': { what: 'dropped packets are not seen: one that a firewall took looks like one that was not answered', hides: ['packets', 'dropped-packets'] },
  udp_queue: { what: 'full UDP receive queues are not seen: a question dropped there looks like a server that does not answer', hides: ['udp-queues'] },
  accept_queue: { what: 'accept queues are not seen: a full one looks like a host that does not answer', hides: ['accept-queues'] },
  'io_uring.submit': { what: 'of what was done through io_uring the bytes, and how long it took, are not known', hides: ['latency', 'payload'] },
  busy_cpus: { what: 'this kernel skips hooks while a CPU is busy: up to a third of what happens there is lost, and counted as lost', hides: ['events'] },
  // What nobody asked for
  'no-net': { what: 'what the kernel says of connections was left out (--no-net): retransmissions, resets, dropped packets and full queues are not seen', hides: PACKETS },
  snaplen: { what: 'of what was read and written only the first # bytes were kept (of DNS, HTTP heads and resolver files more)', hides: ['payload-tail'], usual: true },
  'no-payload': { what: 'nothing of what was read and written was kept (-s 0)', hides: ['payload', 'payload-tail'] },
  'wait-over': { what: 'waits shorter than # were not recorded', hides: ['short-waits'], usual: true },
  'long-wait-over': { what: 'waits shorter than # were not recorded: many short ones look like computing', hides: ['short-waits', 'waits'] },
  filter: { what: 'only what matches “#” was recorded', hides: ['events', 'waits'], usual: true },
  only: { what: 'only # was recorded', hides: ['events', 'waits'], usual: true },
  'no-k8s': { what: 'names of containers and pods were not asked for (--no-k8s)', hides: ['names'] },
  // What the machine keeps from us
  io_uring: { what: '# by io_uring: its reads and writes are not seen', hides: ['file-io', 'network-io', 'events'] },
  unreadable: { what: 'of # calls the memory was not readable: their payload or an argument is missing', hides: ['payload', 'arguments'] },
  names: { what: 'names of pods and services may be missing or old: #', hides: ['names'] },
  users: { what: 'users and groups have numbers and no names: the probe could not read the node’s list of users', hides: ['users'] },
  'users-cut': { what: 'only the first 4,096 users and groups of the node have names', hides: ['users'] },
  // What is gone
  lost: { what: '# events were lost: buffers were full', hides: ['events'] },
  shed: { what: '# for a time, since recording would have cost more than --max-cpu: what is missing there is not counted', hides: ['events'] },
  'not-closed': { what: 'the recording was not closed: it still goes on, or its last moments are missing', hides: ['end'] },
  node: { what: 'of the node’s network this could not be read: #', hides: ['node-network'], usual: true },
  'broke-off': { what: 'the recording broke off#: what came then is missing, and nobody knows how much', hides: ['end', 'events'] },
  // Imports
  scap: { what: 'sysdig’s recorder tells nothing of packets and full queues', hides: PACKETS, usual: true },
  damage: { what: 'the file was damaged: #; what came after is missing', hides: ['end', 'events'] },
  'left-out': { what: 'more was in the file than is kept: #', hides: ['processes', 'file-names', 'names'] },
  // Whatever else a probe had to say
  note: { what: '#', hides: [] },
} as const satisfies Readonly<Record<string, Kind>>;

export type BlindId = keyof typeof BLIND_SPOTS;

/** What it takes to know. */
export interface Sighted {
  readonly meta: Readonly<Partial<CaptureMeta>>;
  readonly dims: Pick<Dimensions | DimensionTables, 'processes' | 'losses' | 'counters'>;
}

/** In the order of the table's groups. */
export function blindSpots({ meta, dims }: Sighted): readonly BlindSpot[] {
  return [
    ...ofProbe(meta),
    ...ofOptions(meta),
    ...ofMachine(meta, dims),
    ...ofLosses(dims),
    ...ofState(meta),
    ...ofImport(meta),
    ...ofNode(meta),
  ];
}

/** Those that could have kept from sight what a statement rests on. */
export function mattering(spots: readonly BlindSpot[], needs: readonly Hidden[]): readonly BlindSpot[] {
  return spots.filter(({ hides }) => hides.some((hidden) => needs.includes(hidden)));
}

function spot(id: BlindId, detail = '', more: Partial<Pick<BlindSpot, 'reason' | 'from' | 'to'>> = {}): BlindSpot {
  const kind: Kind = BLIND_SPOTS[id];
  const what = kind.what.replace('#', () => detail);
  return { id, what, reason: '', from: null, to: null, hides: kind.hides, usual: kind.usual === true, ...more };
}

/** One thing that the probe says it does not see: CaptureMeta.missing is a list of these. */
interface Missing {
  readonly id: string;
  readonly effect: string;
  readonly reason: string;
  readonly errno: number;
}

const OF_RAW_TP: ReadonlySet<string> = new Set(['signals', 'proc.killer', 'io_uring.submit']);
/** Said of those who use it. */
const OF_RINGS = 'io_uring';
const isNetwork = (id: string) => id.startsWith('net.') || id === 'udp_queue' || id === 'accept_queue';

/** What is missing all together is said once. */
function ofProbe(meta: Sighted['meta']): BlindSpot[] {
  const missing = missingOf(meta);
  const withoutNet =
    meta.net === 'off' ||
    (missing.some(({ id }) => isNetwork(id)) && missing.every(({ id, reason }) => !isNetwork(id) || reason === UNWANTED));
  const simple = meta.hook === 'raw_tp';
  const covered = (id: string) => id === OF_RINGS || (simple && (OF_RAW_TP.has(id) || isNetwork(id))) || (withoutNet && isNetwork(id));
  const own = missing.filter(({ id }) => !covered(id)).map(spotOf);
  return [
    ...(simple ? [spot('raw_tp', '', { reason: missing.find(({ id }) => id === 'signals')?.reason ?? '' })] : []),
    ...(withoutNet && !simple ? [spot('no-net')] : []),
    ...(meta.latency === 'off' && !missing.some(({ id }) => id === 'latency') ? [spot('latency')] : []),
    ...own,
  ];
}

/** The probe's word for what an option switched off. */
const UNWANTED = 'not asked for';

function spotOf({ id, effect, reason }: Missing): BlindSpot {
  if (id in BLIND_SPOTS && id !== 'note') return spot(id as BlindId, '', { reason: reason === UNWANTED ? '' : reason });
  return { ...spot('note', effect, { reason }), id };
}

/** What older probes said, a line each. */
const NOTES: readonly (readonly [note: RegExp, id: BlindId | null])[] = [
  [/have not returned/, 'pending'],
  [/opened before the recording/, 'existing_fds'],
  [/do nothing during the recording/, 'existing_processes'],
  [/^signals, and calls/, 'signals'],
  [/retransmissions/, 'net.retransmit'],
  [/resets that are sent/, 'net.reset_sent'],
  [/resets that answer/, 'net.reset_sent_no_socket'],
  [/resets that are received/, 'net.reset_received'],
  [/state changes/, 'net.state'],
  [/dropped packets/, 'net.drop'],
  [/accept queues/, 'accept_queue'],
  [/UDP receive queues/, 'udp_queue'],
  [/^blocking waits are not recorded/, 'latency'],
  [/^signals and trouble/, null], // the hook says it
];

function missingOf({ missing, notes = '', source }: Sighted['meta']): Missing[] {
  if (missing !== undefined) return parsed(missing);
  if (source === 'scap') return [];
  const lines = notes.split('\n').filter((line) => line !== '');
  return lines.flatMap((effect) => {
    const known = NOTES.find(([note]) => note.test(effect));
    return known?.[1] === null ? [] : [{ id: known?.[1] ?? 'note', effect, reason: '', errno: 0 }];
  });
}

/** A file's word for it may be anything. */
function parsed(json: string): Missing[] {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list.flatMap(missingIn) : [];
  } catch {
    return [{ id: 'note', effect: 'what the kernel lacked is not readable in this capture', reason: '', errno: 0 }];
  }
}

function missingIn(one: unknown): Missing[] {
  if (typeof one !== 'object' || one === null) return [];
  const { id, effect, reason, errno } = one as Partial<Record<keyof Missing, unknown>>;
  if (typeof id !== 'string') return [];
  return [{ id, effect: String(effect ?? id), reason: String(reason ?? ''), errno: typeof errno === 'number' ? errno : 0 }];
}

/** ns: waits that are longer than this are worth a word of their own. */
const USUAL_WAIT = 10 * MS;

function ofOptions(meta: Sighted['meta']): BlindSpot[] {
  const { snaplen = '', filter = '', only = '' } = meta;
  const waitOver = Number(meta.wait_over ?? 0);
  return [
    ...(snaplen === '' || snaplen === '0' ? [] : [spot('snaplen', snaplen)]),
    ...(snaplen === '0' && meta.source !== 'scap' ? [spot('no-payload')] : []),
    ...(waitOver > 0 && meta.latency !== 'off'
      ? [spot(waitOver > USUAL_WAIT ? 'long-wait-over' : 'wait-over', `${waitOver / MS} ms`)]
      : []),
    ...(filter === '' ? [] : [spot('filter', filter)]),
    ...(only === '' ? [] : [spot('only', only)]),
    ...(meta.k8s === 'off' ? [spot('no-k8s')] : []),
  ];
}

/** Processes that are named. */
const SOME = 3;

function ofMachine(meta: Sighted['meta'], { processes, counters }: Sighted['dims']): BlindSpot[] {
  const rings = new Map<number, { readonly name: string; readonly from: number }>();
  for (const { pid, comm, flags, from } of processes.all()) {
    if (isHiddenByRing(flags) && !rings.has(pid)) rings.set(pid, { name: `${comm} (${pid})`, from });
  }
  let faults = 0;
  for (const counter of counters.all()) faults += counter.faults;
  return [
    ...(rings.size === 0
      ? []
      : [spot('io_uring', working([...rings.values()].map(({ name }) => name)), { from: leastOf(rings.values()) })]),
    ...(faults === 0 ? [] : [spot('unreadable', String(faults))]),
    ...((meta.names ?? '') === '' ? [] : [spot('names', meta.names)]),
    ...(meta.users === 'none' ? [spot('users')] : []),
    ...(meta.users === 'cut' ? [spot('users-cut')] : []),
  ];
}

/** `nginx (12) works`. */
function working(names: readonly string[]): string {
  const more = names.length > SOME ? ` and ${names.length - SOME} more` : '';
  return `${names.slice(0, SOME).join(', ')}${more} ${names.length === 1 ? 'works' : 'work'}`;
}

function leastOf(rows: Iterable<{ readonly from: number }>): number {
  let least = Infinity;
  for (const { from } of rows) least = Math.min(least, from);
  return Math.max(0, least);
}

/** What was lost, all together. */
export interface LossSummary {
  readonly events: number;
  /** ns since the capture's start: the first and the last moment of which something is missing; null: nothing is. */
  readonly from: number | null;
  readonly to: number | null;
}

export function lossesOf({ losses }: Pick<Sighted['dims'], 'losses'>): LossSummary {
  let events = 0;
  let from = Infinity;
  let to = -Infinity;
  for (const loss of losses.all()) {
    if (loss.reason === 'shed') continue;
    events += loss.count;
    from = Math.min(from, loss.from);
    to = Math.max(to, loss.to);
  }
  return events === 0 ? { events, from: null, to: null } : { events, from, to };
}

function ofLosses(dims: Sighted['dims']): BlindSpot[] {
  const { events, from, to } = lossesOf(dims);
  return [...(events === 0 ? [] : [spot('lost', String(events), { from, to })]), ...ofShedding(dims)];
}

/** What a family's events are to who reads, and what is missing without them. */
const SHED: Readonly<Record<string, { readonly what: string; readonly hides: readonly Hidden[] }>> = {
  ipc: { what: 'pipes and Unix sockets', hides: [] },
  file: { what: 'files', hides: ['file-io'] },
  wait: { what: 'waits', hides: ['waits'] },
  net: { what: 'sockets', hides: ['network-io'] },
};

function ofShedding({ losses }: Pick<Sighted['dims'], 'losses'>): BlindSpot[] {
  const shed = [...losses.all()].filter(({ reason }) => reason === 'shed');
  if (shed.length === 0) return [];
  const families = [...new Set(shed.map(({ family }) => family))];
  const [from, to] = [Math.min(...shed.map((row) => row.from)), Math.max(...shed.map((row) => row.to))];
  const hides = ['events' as const, ...families.flatMap((family) => SHED[family]?.hides ?? [])];
  const what = families.map((family) => SHED[family]?.what ?? family).join(', ');
  return [{ ...spot('shed', `${what} were not recorded`, { from, to }), hides }];
}

function ofState({ state, end, broke = '' }: Sighted['meta']): BlindSpot[] {
  if (state === 'recording') return [spot('not-closed')];
  if (state === 'broke off') return [spot('broke-off', broke === '' ? '' : ` (${broke})`, { from: Number(end ?? 0) })];
  return [];
}

/** What the look at the node's network lacked, all in one. */
function ofNode({ nodeMissing }: Sighted['meta']): BlindSpot[] {
  if (nodeMissing === undefined) return [];
  const missing = parsed(nodeMissing).map(({ id, reason }) => (reason === '' ? id : `${id} (${reason})`));
  return missing.length === 0 ? [] : [spot('node', missing.join(', '))];
}

function ofImport(meta: Sighted['meta']): BlindSpot[] {
  const { damage, leftOut } = importGaps(meta);
  return [
    ...(meta.source === 'scap' ? [spot('scap')] : []),
    ...(damage === null ? [] : [spot('damage', damage.reason, { from: Number(meta.end ?? 0) })]),
    ...(leftOut.length === 0 ? [] : [spot('left-out', leftOutText(leftOut))]),
  ];
}
