/**
 * A Perfetto trace (protobuf, perfetto.protos.Trace): a track for each pod, process and thread, lookups, requests and waits as slices.
 * Slices of a track nest; those that overlap get tracks of their own.
 */
import type { Span } from '../../lens/spans.ts';
import type { Report } from '../../report/report.ts';
import { Message } from '../protobuf.ts';
import type { Bytes, Writer } from './writer.ts';

/** Field numbers of perfetto.protos. */
const TRACE = { packet: 1 } as const;
const PACKET = { clocks: 6, timestamp: 8, sequence: 10, event: 11, sequenceFlags: 13, descriptor: 60 } as const;
const CLOCKS = { clock: 1, id: 1, timestamp: 2 } as const;
const DESCRIPTOR = { uuid: 1, name: 2, process: 3, thread: 4, parent: 5 } as const;
const PROCESS = { pid: 1, name: 6 } as const;
const THREAD = { pid: 1, tid: 2, name: 5 } as const;
const EVENT = { annotation: 4, type: 9, track: 11, category: 22, name: 23 } as const;
const ANNOTATION = { int: 4, text: 6, name: 10 } as const;
const SLICE_BEGIN = 1;
const SLICE_END = 2;
/** The sequence begins here: nothing before it is referred to. */
const CLEARED = 1;
const SEQUENCE = 1;
/** ClockSnapshot.BuiltinClocks. What has no clock of its own is of the second. */
const REALTIME = 1;
const BOOTTIME = 6;
/** ns: the trace's time at which the capture begins; what had begun before has room. */
const BASE = 3_600_000_000_000;

const PIECE = 1 << 16;

/** A track on which slices may lie side by side or in each other. */
interface Lane {
  readonly uuid: number;
  /** Ends of the slices that are open, the innermost last. */
  readonly open: number[];
}

export class PerfettoWriter implements Writer<Span> {
  #uuid = 0;
  #parts: Uint8Array[] = [];
  #size = 0;
  readonly #pods = new Map<string, number>();
  readonly #processes = new Map<number, number>();
  readonly #lanes = new Map<string, Lane[]>();

  begin({ epoch }: Report<Span>): Bytes {
    const clock = (id: number, time: number | bigint) => new Message().int(CLOCKS.id, id).int(CLOCKS.timestamp, time);
    const snapshot = new Message().message(CLOCKS.clock, clock(BOOTTIME, BASE)).message(CLOCKS.clock, clock(REALTIME, epoch));
    this.#packet((packet) => packet.int(PACKET.sequenceFlags, CLEARED).int(PACKET.timestamp, BASE).message(PACKET.clocks, snapshot));
    return '';
  }

  row(span: Span): Bytes {
    const { uuid } = this.#laneOf(span);
    this.#slice(span.start, uuid, (event) => describe(event, span));
    this.#slice(span.end, uuid, (event) => event.int(EVENT.type, SLICE_END));
    return this.#size < PIECE ? '' : this.#take();
  }

  end(): Bytes {
    return this.#take();
  }

  #take(): Uint8Array {
    const all = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return all;
  }

  #slice(time: number, track: number, fill: (event: Message) => void): void {
    const event = new Message().int(EVENT.track, track);
    fill(event);
    this.#packet((packet) => packet.int(PACKET.timestamp, Math.max(0, BASE + Math.round(time))).message(PACKET.event, event));
  }

  #packet(fill: (packet: Message) => Message): void {
    const packet = fill(new Message().int(PACKET.sequence, SEQUENCE));
    const bytes = new Message().message(TRACE.packet, packet).bytes();
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  #track(fill: (descriptor: Message) => void): number {
    const uuid = ++this.#uuid;
    const descriptor = new Message().int(DESCRIPTOR.uuid, uuid);
    fill(descriptor);
    this.#packet((packet) => packet.message(PACKET.descriptor, descriptor));
    return uuid;
  }

  /** Waits lie on their thread's track, all else on tracks of the process; the first on which there is room. */
  #laneOf(span: Span): Lane {
    const { owner, kind } = span;
    const group = kind === 'wait' ? `thread ${owner.tid}` : `${kind === 'request' ? 'requests' : 'lookups'} of ${owner.pid}`;
    const lanes = this.#lanes.get(group) ?? [];
    this.#lanes.set(group, lanes);
    let lane = lanes.find((one) => fits(one, span));
    if (lane === undefined) {
      lane = { uuid: this.#laneTrack(span, lanes.length), open: [] };
      lanes.push(lane);
    }
    lane.open.push(span.end);
    return lane;
  }

  #laneTrack({ owner, kind }: Span, nth: number): number {
    const process = this.#processOf(owner);
    return this.#track((track) => {
      track.int(DESCRIPTOR.parent, process);
      if (kind === 'wait' && nth === 0)
        track.message(DESCRIPTOR.thread, new Message().int(THREAD.pid, owner.pid).int(THREAD.tid, owner.tid).text(THREAD.name, owner.comm));
      else track.text(DESCRIPTOR.name, kind === 'wait' ? `${owner.comm} ${owner.tid}` : kind === 'request' ? 'requests' : 'lookups');
    });
  }

  #processOf({ pid, comm, namespace, pod }: Span['owner']): number {
    let uuid = this.#processes.get(pid);
    if (uuid === undefined) {
      const parent = this.#podOf(namespace, pod);
      const where = pod === '' ? '' : ` (${namespace}/${pod})`;
      uuid = this.#track((track) => {
        track.int(DESCRIPTOR.parent, parent);
        track.message(DESCRIPTOR.process, new Message().int(PROCESS.pid, pid).text(PROCESS.name, comm + where));
      });
      this.#processes.set(pid, uuid);
    }
    return uuid;
  }

  #podOf(namespace: string, pod: string): number {
    const name = pod === '' ? 'node' : `pod ${namespace}/${pod}`;
    let uuid = this.#pods.get(name);
    if (uuid === undefined) {
      uuid = this.#track((track) => track.text(DESCRIPTOR.name, name));
      this.#pods.set(name, uuid);
    }
    return uuid;
  }
}

/** Beside all that was there before, or inside what is still open. Spans come in the order in which they begin. */
function fits({ open }: Lane, { start, end }: Span): boolean {
  while (open.length > 0 && open.at(-1)! <= start) open.pop();
  return open.length === 0 || open.at(-1)! >= end;
}

function describe(event: Message, { kind, name, num, error, attributes }: Span): void {
  event.int(EVENT.type, SLICE_BEGIN).text(EVENT.category, kind).text(EVENT.name, name);
  const all = { 'evt.num': num, ...attributes, ...(error === null ? {} : { error }) };
  for (const [key, value] of Object.entries(all)) {
    const annotation = new Message().text(ANNOTATION.name, key);
    if (typeof value === 'number' && Number.isSafeInteger(value)) annotation.int(ANNOTATION.int, value);
    else annotation.text(ANNOTATION.text, String(value));
    event.message(EVENT.annotation, annotation);
  }
}
