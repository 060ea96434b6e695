/**
 * Packets for Wireshark, rebuilt from what sockets sent and received. Payloads, addresses, ports and times are captured; the IP, TCP and
 * UDP headers are made up.
 */
import type { EventView } from '../../event/view.ts';
import { type Chunk, EventFlag } from '../../model/chunk.ts';
import type { FdRow } from '../../model/rows.ts';
import type { Report } from '../../report/report.ts';
import {
  beginComment,
  beginPacket,
  endPacket,
  interfaceBlock,
  LINK_RAW,
  type SplitEpoch,
  sectionBlock,
  splitEpoch,
} from '../pcapng/blocks.ts';
import { GrowingBytes } from '../pcapng/growing.ts';
import { LARGEST_PAYLOAD, packet, type Tuple, tupleKey, tupleOf } from '../pcapng/headers.ts';
import { sanitize } from '../printable.ts';
import type { Bytes, Writer } from './writer.ts';

const PIECE = 1 << 20;
const COMMENT =
  'Rebuilt by Trowel from what system calls sent and received. Payloads, addresses, ports and times were captured; IP, TCP and UDP headers ' +
  '(sequence numbers, checksums, TTL) are synthesised. There are no handshakes, retransmissions or packets without payload. ' +
  'Where both ends of a connection were recorded, packets are those of the end that was seen first. Payloads may be cut to what was kept.';
const NOTHING = new Uint8Array(0);
const utf8 = new TextEncoder();

/** What packets of one descriptor need; null: it makes none. */
type Socket = { readonly tuple: Tuple; readonly iface: number } | null;

export class PcapngWriter implements Writer<EventView> {
  readonly #out = new GrowingBytes(PIECE + (1 << 17));
  #epoch: SplitEpoch = { high: 0, low: 0 };
  readonly #sockets = new Map<number, Socket>();
  readonly #tuples = new Map<string, Tuple>();
  readonly #interfaces = new Map<number, number>();
  /** By connection: the role of the end that is written. */
  readonly #ends = new Map<string, 'server' | 'client'>();
  /** By thread: its process and pod, as a packet's comment begins. */
  readonly #owners = new Map<number, Uint8Array>();
  #packets = 0;

  begin({ epoch }: Report<EventView>): Bytes {
    this.#epoch = splitEpoch(epoch);
    sectionBlock(this.#out, 'Trowel', COMMENT);
    return '';
  }

  row(view: EventView): Bytes {
    const chunk = view.chunk!;
    const { i } = view;
    const length = chunk.res[i]!;
    const fd = chunk.fd[i]!;
    if (fd === 0 || length <= 0 || (chunk.flags[i]! & EventFlag.HAS_RES) === 0 || view.type.io === null) return '';
    const socket = this.#socketOf(fd, view);
    if (socket !== null) this.#write(view, chunk, socket, length);
    return this.#out.length < PIECE ? '' : this.#out.take();
  }

  end(): Bytes {
    if (this.#packets === 0) this.#interface(0);
    return this.#out.take();
  }

  /** One packet; several where it is more than one packet holds. */
  #write(view: EventView, chunk: Chunk, { tuple, iface }: NonNullable<Socket>, length: number): void {
    const outward = view.type.io === 'write';
    const [way, back] = outward ? [tuple.out, tuple.in] : [tuple.in, tuple.out];
    const from = view.i === 0 ? 0 : chunk.dataEnd[view.i - 1]!;
    const kept = Math.min(chunk.dataEnd[view.i]! - from, length);
    for (let at = 0; at < length; at += LARGEST_PAYLOAD) {
      const part = Math.min(LARGEST_PAYLOAD, length - at);
      const bytes = at < kept ? chunk.data.subarray(from + at, from + Math.min(kept, at + part)) : NOTHING;
      const start = beginPacket(this.#out, iface, this.#epoch, view.time);
      const whole = packet(this.#out, way, back, bytes, part);
      const comment = beginComment(this.#out, start, whole);
      this.#out.put(this.#ownerOf(view, chunk.thread[view.i]!));
      this.#out.decimal(chunk.num[view.i]!);
      endPacket(this.#out, start, comment, outward ? 2 : 1);
      this.#packets++;
    }
  }

  #socketOf(id: number, view: EventView): Socket {
    let socket = this.#sockets.get(id);
    if (socket === undefined) {
      socket = this.#makeSocket(view.fd);
      this.#sockets.set(id, socket);
    }
    return socket;
  }

  #makeSocket(fd: FdRow | null): Socket {
    if (fd === null || !this.#isWritten(fd)) return null;
    const key = tupleKey(fd);
    const tuple = this.#tuples.get(key) ?? tupleOf(fd);
    if (tuple === null) return null;
    this.#tuples.set(key, tuple);
    return { tuple, iface: this.#interface(fd.netns) };
  }

  /** Not the other end of a connection that is written already. */
  #isWritten(fd: FdRow): boolean {
    const end = fd.role === 'server' ? 'server' : 'client';
    const connection = tupleKey(fd, end === 'server');
    const first = this.#ends.get(connection) ?? end;
    this.#ends.set(connection, first);
    return first === end;
  }

  /** Number of the interface that stands for a network namespace. */
  #interface(netns: number): number {
    let number = this.#interfaces.get(netns);
    if (number === undefined) {
      number = this.#interfaces.size;
      this.#interfaces.set(netns, number);
      interfaceBlock(this.#out, LINK_RAW, `netns-${netns}`, `sockets of network namespace ${netns}; headers are synthesised`);
    }
    return number;
  }

  #ownerOf(view: EventView, thread: number): Uint8Array {
    let bytes = this.#owners.get(thread);
    if (bytes === undefined) {
      bytes = utf8.encode(ownerText(view));
      this.#owners.set(thread, bytes);
    }
    return bytes;
  }
}

/** `pod ns/name, process curl (42), event `. */
function ownerText(view: EventView): string {
  const { process, thread } = view;
  const pod = process === null ? null : view.kube.pod(process.container, view.time, view);
  const named = pod === null ? '' : `pod ${pod.namespace}/${pod.name}, `;
  const from = process === null ? '' : `process ${thread?.comm ?? process.comm} (${process.pid}), `;
  return `${sanitize(named + from)}event `;
}
