/**
 * What a capture cannot show, whatever is asked: as much a fact of it as what was lost. This finds out which
 * kinds of the table it has.
 */
import { type Dimensions, type DimensionTables, isHiddenByRing } from '../model/rows.ts';
import { MS } from '../model/time.ts';
import { BLIND_SPOTS, type BlindId, type Hidden, type Kind } from './blind-spot-kinds.ts';
import { type CaptureMeta, type Damage, importGaps, leftOutText } from './meta.ts';

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

const OF_RAW_TP: ReadonlySet<string> = new Set(['signals', 'proc.killer', 'io_uring.submit', 'io_uring.pending']);
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

/** Characters of a filter that tell what was kept: that of a slice may name thousands of events. */
const LONGEST = 300;

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
    ...(filter === '' ? [] : [spot('filter', filter.length > LONGEST ? `${filter.slice(0, LONGEST)}…` : filter)]),
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

function damageSpot({ reason, kept }: Damage, { end }: Sighted['meta']): BlindSpot {
  return kept === 'rest' ? spot('damage-within', reason) : spot('damage', reason, { from: Number(end ?? 0) });
}

function ofImport(meta: Sighted['meta']): BlindSpot[] {
  const { damage, leftOut } = importGaps(meta);
  return [
    ...(meta.source === 'scap' ? [spot('scap')] : []),
    ...(damage === null ? [] : [damageSpot(damage, meta)]),
    ...(leftOut.length === 0 ? [] : [spot('left-out', leftOutText(leftOut))]),
  ];
}
