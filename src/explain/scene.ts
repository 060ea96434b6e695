/** A capture as the judges look at it: what is found once and asked for often. */

import type { Capture } from '../capture/capture.ts';
import { Chain } from '../dns/chain.ts';
import { allMessages } from '../dns/implied.ts';
import type { Lookup } from '../dns/lookup.ts';
import { KubeNames } from '../event/kube-names.ts';
import { allLookups, captureEnd } from '../lens/dns.ts';
import type { DnsRow } from '../model/dns.ts';
import type { KubeObjectRow } from '../model/kube.ts';
import type { Dimensions, ProcessRow } from '../model/rows.ts';
import { type Ev, processEvents } from './process-events.ts';
import { type SocketWait, socketWaits } from './sockets.ts';
import type { ProcessName } from './story.ts';
import { Troubles } from './trouble.ts';

/** When a process ran the program that it ended with. */
export interface Life {
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

export class Scene {
  readonly dims: Dimensions;
  /** When the capture ended. */
  readonly end: number;
  readonly messages: readonly DnsRow[];
  readonly lookups: readonly Lookup[];
  readonly chain: Chain;
  readonly #events = new Map<number, Ev[]>();
  readonly #waits = new Map<number, SocketWait[]>();
  readonly #lives = new Map<number, Life>();
  #troubles: Troubles | null = null;

  constructor(readonly capture: Capture) {
    this.dims = capture.dims;
    this.end = captureEnd(capture);
    this.messages = allMessages(capture.dims);
    this.lookups = allLookups(capture, this.messages);
    this.chain = new Chain(capture.dims, this.messages);
    const rows = new Map<number, ProcessRow[]>();
    for (const row of capture.dims.processes.all()) rows.set(row.pid, [...(rows.get(row.pid) ?? []), row]);
    const kube = new KubeNames(capture.dims);
    for (const [pid, versions] of rows) this.#lives.set(pid, lifeOf(versions, kube));
  }

  /** All events of a process, in the order of their ends. */
  events(pid: number): readonly Ev[] {
    let events = this.#events.get(pid);
    if (events === undefined) {
      events = processEvents(this.capture, pid, { from: 0, to: Infinity });
      this.#events.set(pid, events);
    }
    return events;
  }

  socketWaits(pid: number): readonly SocketWait[] {
    let waits = this.#waits.get(pid);
    if (waits === undefined) {
      waits = socketWaits(this.events(pid), this.dims);
      this.#waits.set(pid, waits);
    }
    return waits;
  }

  life(pid: number): Life | null {
    return this.#lives.get(pid) ?? null;
  }

  /** Processes that a process started and that ran at some time between. */
  children(pid: number, from: number, to: number): Life[] {
    return [...this.#lives.values()].filter((life) => life.ppid === pid && life.start < to && (life.end ?? Infinity) > from);
  }

  get troubles(): Troubles {
    this.#troubles ??= new Troubles(this.capture);
    return this.#troubles;
  }

  pidOf(thread: number): number {
    return this.dims.processes.get(this.dims.threads.get(thread)?.process ?? 0)?.pid ?? 0;
  }
}

/** `versions`: the rows of one pid, ascending in time. The last program is the one the user knows: what a shell became. */
function lifeOf(versions: readonly ProcessRow[], kube: KubeNames): Life {
  const last = versions.at(-1)!;
  const first = versions.find((row) => row.exepath === last.exepath && row.comm === last.comm) ?? last;
  const started = versions[0]!.started;
  return {
    name: { pid: last.pid, comm: last.comm },
    command: [last.exe, ...last.args].join(' ').trim(),
    start: first === versions[0] ? Math.max(0, started ?? first.from) : first.from,
    end: last.to,
    pod: podText(kube.pod(last.container, last.from, { from: -Infinity, until: Infinity })),
    begun: started !== null && started > 0,
    ppid: last.ppid,
  };
}

function podText(pod: KubeObjectRow | null): string | null {
  return pod === null ? null : `${pod.namespace}/${pod.name}`;
}
