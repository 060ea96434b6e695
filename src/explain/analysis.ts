/** A capture as the rules look at it: what is found once and asked for often. */

import { type Capture, captureEnd } from '../capture/capture.ts';
import { type JoinedEnds, joinedEnds } from '../capture/members.ts';
import { nodesOf } from '../capture/meta.ts';
import { Chain } from '../dns/chain.ts';
import { allMessages } from '../dns/implied.ts';
import type { Lookup } from '../dns/lookup.ts';
import { pidOf } from '../dns/resolver.ts';
import { KubeNames } from '../event/kube-names.ts';
import { allLookups } from '../lens/dns.ts';
import type { DnsRow } from '../model/dns.ts';
import type { KubeObjectRow } from '../model/kube.ts';
import { nodeOfPid } from '../model/nodes.ts';
import type { Dimensions, ProcessRow } from '../model/rows.ts';
import { Cluster } from '../node/cluster.ts';
import { Ways } from '../node/way.ts';
import { type End, SIGNALLED, type Signal } from './ends.ts';
import type { Failures } from './failures.ts';
import { type BrokenHandshake, brokenHandshakes, type Handshake, handshakes } from './handshakes.ts';
import { type Ev, processEvents, type Window } from './process-events.ts';
import { Requests } from './requests.ts';
import type { Retry } from './retries.ts';
import { type SocketWait, socketWaits } from './sockets.ts';
import { type Stop, stopsOf } from './stops.ts';
import type { ProcessName } from './story.ts';
import { Troubles } from './trouble.ts';
import { UnixRoles } from './unix-roles.ts';

/** When a process ran the program that it ended with. */
export interface Lifetime {
  readonly name: ProcessName;
  readonly command: string;
  readonly start: number;
  /** null: it was there when the capture ended. */
  readonly end: number | null;
  /** `namespace/name` of its pod; null: in none, or not known. */
  readonly pod: string | null;
  /** It began within the capture. */
  readonly begun: boolean;
  readonly ppid: number;
}

/** On both sides of a time so many times as much is looked at with it, in ns at least and at most so much. A call that reaches into it counts, however long it is. */
const MANY = 10;
const LEAST_MARGIN = 1e9;
const MOST_MARGIN = 60e9;
const WHOLE: Window = { from: 0, to: Infinity };

export class Analysis {
  readonly dims: Dimensions;
  /** When the capture ended. */
  readonly end: number;
  readonly messages: readonly DnsRow[];
  readonly lookups: readonly Lookup[];
  readonly chain: Chain;
  /** Of a capture of several nodes: connections that were translated between their ends. */
  readonly ends: ReadonlyMap<number, JoinedEnds>;
  /** Filled by the pass over all events. */
  readonly unix: UnixRoles;
  /** Likewise. */
  readonly requests = new Requests();
  #focus: Window = WHOLE;
  readonly #events = new Map<number, Ev[]>();
  readonly #waits = new Map<number, SocketWait[]>();
  readonly #lifetimes = new Map<number, Lifetime>();
  #failures: Failures | null = null;
  #troubles: Troubles | null = null;
  #ways: Ways | null = null;

  constructor(readonly capture: Capture) {
    this.dims = capture.dims;
    this.end = captureEnd(capture);
    this.messages = allMessages(capture.dims);
    this.lookups = allLookups(capture, this.messages);
    this.ends = joinedEnds(capture.meta);
    this.unix = new UnixRoles(capture.dims);
    this.chain = new Chain(capture.dims, this.messages);
    const rows = new Map<number, ProcessRow[]>();
    for (const row of capture.dims.processes.all()) rows.set(row.pid, [...(rows.get(row.pid) ?? []), row]);
    const kube = new KubeNames(capture.dims);
    for (const [pid, versions] of rows) this.#lifetimes.set(pid, lifetimeOf(versions, kube));
  }

  /**
   * From here on this time is looked at: of processes that were there before the recording only what lies around it, since the rest of
   * a long one says nothing of it and costs a pass over all columns.
   */
  focus({ from, to }: Window): void {
    const margin = Math.min(Math.max(MANY * (to - from), LEAST_MARGIN), MOST_MARGIN);
    this.#focus = { from: from - margin, to: to + margin };
    for (const pid of this.#events.keys()) {
      if (this.lifetime(pid)?.begun === true) continue;
      this.#events.delete(pid);
      this.#waits.delete(pid);
    }
  }

  /** All events of a process, in the order of their ends; of one that was there before, those around the time that is looked at. */
  events(pid: number): readonly Ev[] {
    let events = this.#events.get(pid);
    if (events === undefined) {
      events = processEvents(this.capture, pid, this.lifetime(pid)?.begun === true ? WHOLE : this.#focus);
      this.#events.set(pid, events);
    }
    return events;
  }

  socketWaits(pid: number): readonly SocketWait[] {
    let waits = this.#waits.get(pid);
    if (waits === undefined) {
      const begun = this.lifetime(pid)?.begun === true;
      waits = socketWaits(this.events(pid), this.dims, begun, this.unix);
      // Of what is still owed where the look ends, nobody knows the end.
      if (!begun && this.#focus.to < this.end) waits = waits.filter(({ outcome }) => outcome !== 'open');
      this.#waits.set(pid, waits);
    }
    return waits;
  }

  lifetime(pid: number): Lifetime | null {
    return this.#lifetimes.get(pid) ?? null;
  }

  /** Processes that a process started and that ran at some time between. */
  children(pid: number, from: number, to: number): Lifetime[] {
    return [...this.#lifetimes.values()].filter(
      (lifetime) => lifetime.ppid === pid && lifetime.start < to && (lifetime.end ?? Infinity) > from,
    );
  }

  /** Calls that had not returned when the recording ended are in it. */
  get tellsPending(): boolean {
    const { source, state, notes = '', filter = '' } = this.capture.meta;
    return source === 'trowel' && state === 'complete' && filter === '' && !notes.includes('have not returned');
  }

  /** What the pass over all events found to have failed; before that, nothing. */
  get failures(): Failures | null {
    return this.#failures;
  }

  /** A process whose first thread ended before its others has no end among the names: it has one here. */
  set failures(failures: Failures | null) {
    this.#failures = failures;
    for (const [pid, { time }] of failures?.ends.all() ?? []) {
      const lifetime = this.#lifetimes.get(pid);
      if (lifetime?.end === null) this.#lifetimes.set(pid, { ...lifetime, end: time });
    }
  }

  /** How a process ended; null: it did not, or that is not in the recording. */
  endOf(pid: number): End | null {
    return this.failures?.ends.of(pid) ?? null;
  }

  /** Who sent the signal that ended a process; null: nobody whose call was recorded. */
  killer(pid: number): number | null {
    return this.failures?.ends.killerOf(pid) ?? null;
  }

  /** ns from a SIGTERM to the SIGKILL that ended a process, where it had time to end by itself; null: it was not told to. */
  toldToStop(pid: number): number | null {
    return this.failures?.ends.toldToStop(pid) ?? null;
  }

  /** The signal that a process was told to end by, where it then ended with what shells call that: 128 and its number. null: it was not. */
  stoppedBy(pid: number): Signal | null {
    return this.failures?.ends.stoppedBy(pid) ?? null;
  }

  /** A child whose death by a signal is what a process ended with, or for: shells tell both by their status or in words. null: there is none. */
  killedChild(pid: number): (End & { readonly pid: number }) | null {
    const end = this.endOf(pid);
    if (end === null || end.exit === 0) return null;
    for (const { name } of this.children(pid, -Infinity, end.time)) {
      const child = this.endOf(name.pid);
      if (child === null || child.signal === 0 || child.time > end.time) continue;
      if (child.signal === end.exit - SIGNALLED || this.words(pid).includes(`${name.pid} `)) return { ...child, pid: name.pid };
    }
    return null;
  }

  /** When a process was stopped by signals, in the order of time; `to` Infinity: it was not let go on. */
  stops(pid: number): Stop[] {
    return stopsOf(pid, this.failures?.ends.signals ?? []);
  }

  /** The signal that stopped a process for most of a time; null: it was not stopped. */
  stopOf(pid: number, from: number, to: number): Signal | null {
    const isMost = (stop: Stop) => Math.min(stop.to, to) - Math.max(stop.from, from) > (to - from) / 2;
    return this.stops(pid).findLast(isMost)?.signal ?? null;
  }

  /** What a process wrote last to its standard error; empty: nothing. */
  words(pid: number): string {
    return this.failures?.stderr.words(pid) ?? '';
  }

  get retries(): readonly Retry[] {
    return this.failures?.retries.found ?? [];
  }

  /** TLS handshakes that a process began. */
  handshakes(pid: number): Handshake[] {
    return handshakes(this, pid);
  }

  /** Those that it broke off. */
  brokenHandshakes(pid: number): BrokenHandshake[] {
    return brokenHandshakes(this.handshakes(pid));
  }

  /** Where dropped packets vanished; null: the capture has no look at the node. */
  get ways(): Ways | null {
    if (this.dims.nodeFacts.size === 0) return null;
    this.#ways ??= new Ways(new Cluster(this.dims, this.end), this.troubles.dropped);
    return this.#ways;
  }

  get troubles(): Troubles {
    this.#troubles ??= new Troubles(this.capture);
    return this.#troubles;
  }

  /** The node of a process; null: the capture is one node's. */
  nodeOf(pid: number): string | null {
    const nodes = nodesOf(this.capture.meta);
    return nodes.length > 1 ? nodeOfPid(nodes, pid) : null;
  }

  pidOf(thread: number): number {
    return pidOf(this.dims, thread);
  }
}

/** `versions`: the rows of one pid, ascending in time. The last program is the one the user knows: what a shell became. */
function lifetimeOf(versions: readonly ProcessRow[], kube: KubeNames): Lifetime {
  const last = versions.at(-1)!;
  const first = versions.find((row) => row.exepath === last.exepath && row.comm === last.comm) ?? last;
  const started = versions.find((row) => row.started !== null)?.started ?? null;
  return {
    name: { pid: last.pid, comm: programName(last) },
    command: [last.exe, ...last.args].join(' ').trim(),
    start: first === versions[0] ? Math.max(0, started ?? first.from) : first.from,
    end: last.to,
    pod: podText(kube.pod(last.container, last.from, { from: -Infinity, until: Infinity })),
    begun: started !== null && started > 0,
    ppid: last.ppid,
  };
}

/** What a program calls its first thread (as Node.js does: MainThread) says less than what it is itself. */
function programName({ comm, exepath }: ProcessRow): string {
  return /thread$/i.test(comm) && exepath !== '' ? exepath.slice(exepath.lastIndexOf('/') + 1) : comm;
}

function podText(pod: KubeObjectRow | null): string | null {
  return pod === null ? null : `${pod.namespace}/${pod.name}`;
}
