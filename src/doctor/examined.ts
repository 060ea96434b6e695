/** A capture as checks look at it: each thing is found once. */
import type { Hidden } from '../capture/blind-spot-kinds.ts';
import { type Capture, captureEnd } from '../capture/capture.ts';
import type { DnsRow } from '../model/dns.ts';
import { endText } from '../model/fd-name.ts';
import type { NodeKind } from '../model/node.ts';
import type { Dimensions, ProcessRow } from '../model/rows.ts';
import { secondsText } from '../model/time.ts';
import { Cluster, type Endpoint } from '../node/cluster.ts';
import type { Held } from '../node/state.ts';
import { vanishingText, Ways } from '../node/way.ts';
import type { FactEvidence } from './check.ts';
import { type Drop, type End, type Failure, Observed } from './observed.ts';

/** A question that had no answer for so long will get none. */
const PATIENCE = 1.5e9;
/** ns within which an answer comes, if ever. */
const ANSWER_TIME = 5e9;

export class Examined {
  readonly capture: Capture;
  readonly dims: Dimensions;
  readonly end: number;
  readonly cluster: Cluster;
  readonly observed: Observed;
  /** Only what is of the namespaces that were looked into counts; null: everything does. */
  readonly #scope: ReadonlySet<number> | null;
  #unanswered: DnsRow[] | null = null;
  #ways: Ways | null = null;

  constructor(capture: Capture) {
    this.capture = capture;
    this.dims = capture.dims;
    this.end = captureEnd(capture);
    this.cluster = new Cluster(capture.dims, this.end);
    this.observed = new Observed(capture);
    this.#scope = capture.meta.netns === undefined ? null : this.cluster.namespaces;
  }

  get node() {
    return this.cluster.node;
  }

  inScope(netns: number): boolean {
    return this.#scope === null || this.#scope.has(netns);
  }

  /** Connections that failed, of the processes of this node. */
  get failures(): readonly Failure[] {
    return this.observed.failures.filter(({ netns }) => this.inScope(netns));
  }

  /** Packets that were dropped here. */
  drops(wanted: (drop: Drop) => boolean = () => true): Drop[] {
    return this.observed.drops.filter((drop) => this.inScope(drop.netns) && wanted(drop));
  }

  /** Where dropped packets vanished, the most first: one fact each, with the time of the first. */
  vanished(drops: readonly Drop[]): FactEvidence[] {
    this.#ways ??= new Ways(this.cluster, this.observed.drops);
    const [first, second, ...others] = [...drops].sort((a, b) => b.count - a.count);
    const shown = [first, second].flatMap((drop) => (drop === undefined ? [] : [this.#vanishedText(drop, this.#ways!)]));
    const rest = others.length === 0 ? [] : [{ time: others[0]!.first, text: `${times(sum(others), 'more packet')} between other ends` }];
    return [...shown, ...rest];
  }

  #vanishedText(drop: Drop, ways: Ways): FactEvidence {
    const { src, dst, count, reason, l4proto, first } = drop;
    const what = l4proto === 17 ? 'UDP packet' : drop.syns === count ? 'SYN' : 'TCP packet';
    const text = `${times(count, what)} from ${this.cluster.nameAt(src.ip)} to ${this.name(dst)}: ${vanishingText(ways.vanishing(drop), '', count)} (${reason})`;
    return { time: first, text };
  }

  /** Questions of clients of this node that nobody answered, however often they were asked. */
  get unanswered(): readonly DnsRow[] {
    if (this.#unanswered !== null) return this.#unanswered;
    const queries = [...this.dims.dns.all()].filter((row) => !row.response && row.side === 'client' && row.protocol === 'dns');
    const answered = new Set(queries.filter(({ partner }) => partner !== null).map(questionOf));
    const again = new Set(queries.filter(({ attempt }) => attempt > 1).map(questionOf));
    this.#unanswered = queries.filter(
      (row) =>
        row.partner === null &&
        !answered.has(questionOf(row)) &&
        row.time + PATIENCE < this.end &&
        this.inScope(this.netnsOf(row)) &&
        // where events are missing the answer may be among them: only who asks again had none
        (again.has(questionOf(row)) || !this.isLossy(row.start, row.start + ANSWER_TIME)),
    );
    return this.#unanswered;
  }

  /** Events of this time are missing. */
  isLossy(from: number, to: number): boolean {
    for (const { reason, family, ...loss } of this.dims.losses.all())
      if (loss.to >= from && loss.from <= to && (reason !== 'shed' || family === 'net')) return true;
    return false;
  }

  netnsOf({ fd, thread }: Pick<DnsRow, 'fd' | 'thread'>): number {
    return this.dims.fds.get(fd)?.netns || this.process(thread)?.netns || 0;
  }

  process(thread: number): ProcessRow | null {
    return this.dims.processes.get(this.dims.threads.get(thread)?.process ?? 0) ?? null;
  }

  /** Who has a namespace: `shop/cart-7f`, else the process. */
  who(netns: number, thread = 0): string {
    const place = this.cluster.placeOf(netns);
    if (place !== null && netns !== this.node.host) return place.name;
    const process = this.process(thread);
    return process === null ? (place?.name ?? '') : `${process.comm} (${process.pid})`;
  }

  name({ ip, port }: End): string {
    const name = this.cluster.nameAt(ip, port);
    return name === ip ? endText({ ip, port }) : `${endText({ ip, port })} (${name})`;
  }

  /** Where packets to an address end up: a service's endpoints, else itself. */
  endpoints(remote: End): readonly Endpoint[] {
    return this.cluster.serviceAt(remote.ip, remote.port)?.service.endpoints ?? [{ ip: remote.ip, ready: true, pod: '' }];
  }

  /** An address of the node itself or of one of its pods. */
  isHere(ip: string): boolean {
    return ip.startsWith('127.') || this.cluster.places.some(({ ips }) => ips.includes(ip));
  }

  fact<Kind extends NodeKind>(held: Held<Kind>, text: string): FactEvidence {
    return { time: held.from, text };
  }

  /** How much a counter of a namespace grew between the first and the last look. */
  growth(name: string, netns: number): number {
    const found = this.node.growth('counter', netns).get(name);
    if (found === undefined) return 0;
    const of = (held: typeof found.first) => (held.kind === 'counter' && 'value' in held.value ? Number(held.value.value) : 0);
    return of(found.last) - (found.first.from === 0 ? of(found.first) : 0);
  }

  sysctl(name: string, netns = this.node.host): { readonly value: string; readonly fact: FactEvidence } | null {
    const held = this.node.sysctl(name, netns, this.end);
    return held === null ? null : { value: held.value.value, fact: this.fact(held, `${name} = ${held.value.value}`) };
  }

  /** Looks at the node that could have been taken and were not. */
  get unseenNode(): string[] {
    if (this.node.empty) return ['the node’s network: the capture has no look at it'];
    const missing = parsed(this.capture.meta.nodeMissing);
    return missing.map(({ id, reason }) => `${id} of the node: ${reason}`);
  }

  /** All that the recording could not see and that some check asks for; losses are a finding of their own. */
  get unseen(): string[] {
    const spots = this.capture.blindSpots.filter(
      ({ id, usual, hides }) => !TOLD.has(id) && (!usual || hides.some((hidden) => ASKED.has(hidden))),
    );
    return [...this.unseenNode, ...spots.map(({ what, reason }) => (reason === '' ? what : `${what} (${reason})`))];
  }
}

/** Told elsewhere in what the doctor says. */
const TOLD: ReadonlySet<string> = new Set(['node', 'lost', 'losses', 'io_uring']);
/** What checks stand on. */
const ASKED: ReadonlySet<Hidden> = new Set<Hidden>([
  'dropped-packets',
  'retransmits',
  'tcp-states',
  'accept-queues',
  'udp-queues',
  'node-network',
]);

/** The same for each time that a question is asked on a socket. */
export const questionOf = ({ fd, qname, qtype, messageId }: DnsRow) => `${fd} ${messageId} ${qtype} ${qname}`;

export const addressOf = (end: End) => endText(end);
export const sum = (groups: readonly { readonly count: number }[]) => groups.reduce((total, { count }) => total + count, 0);
export const atText = (time: number) => `${secondsText(time)} s`;
export const times = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

function parsed(text: string | undefined): { readonly id: string; readonly reason: string }[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value)
      ? value.flatMap((one: { id?: unknown; reason?: unknown }) => [{ id: String(one?.id), reason: String(one?.reason) }])
      : [];
  } catch {
    return [];
  }
}
