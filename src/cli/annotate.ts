/** `trowel annotate`: packets that somebody else captured, with the process and the pod of each end as comments. */
import { closeSync, readFileSync, rmSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import type { Capture } from '../capture/capture.ts';
import { EventView } from '../event/view.ts';
import { isIpSocket } from '../model/fd-name.ts';
import type { FdRow } from '../model/rows.ts';
import { beginComment, beginPacket, endPacket, interfaceBlock, sectionBlock, splitEpoch } from '../output/pcapng/blocks.ts';
import { GrowingBytes } from '../output/pcapng/growing.ts';
import { type Ends, endsOfPacket, type Packet, PacketsError, readPackets } from '../output/pcapng/packets.ts';
import { sanitize } from '../output/printable.ts';
import { Sink } from '../output/sink.ts';
import { say } from '../output/stderr.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { openCapture } from './open-capture.ts';
import { createFile } from './target.ts';

const PIECE = 1 << 20;
/** ns: a connection's packets come before the call that tells of it returns. */
const EARLY = 1e8;

export async function annotate(packets: string, path: string, output: string): Promise<void> {
  const bytes = bytesOf(packets);
  const capture = await openCapture(path);
  let file: number | null = null;
  try {
    file = createFile(output);
    const { named, all } = write(bytes, packets, new Annotator(capture), new Sink(file));
    say(`${output}: ${all} packets, ${named} with a process or a pod`);
  } catch (error) {
    if (file !== null) rmSync(output, { force: true }); // ours, and of no use
    throw error;
  } finally {
    if (file !== null) closeSync(file);
    capture.close();
  }
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(code === 'ENOENT' ? `${path}: no such file` : message);
  }
}

function write(bytes: Uint8Array, path: string, names: Annotator, sink: Sink): { readonly named: number; readonly all: number } {
  const out = new GrowingBytes(PIECE);
  const interfaces = new Map<number, number>();
  let named = 0;
  let all = 0;
  sectionBlock(out, 'Trowel', `Packets of ${path}; comments by Trowel: who had the sockets at the time.`);
  try {
    for (const packet of readPackets(bytes)) {
      all++;
      if (writePacket(out, packet, interfaces, names)) named++;
      if (out.length >= PIECE) sink.write(out.take());
    }
  } catch (error) {
    if (!(error instanceof PacketsError)) throw error;
    if (all === 0) throw new UsageError(`${path} ${error.message}`);
    say(`trowel: ${path} ${error.message}; what comes before is written`);
  }
  sink.write(out.take());
  return { named, all };
}

/** True: it has a comment. */
function writePacket(out: GrowingBytes, packet: Packet, interfaces: Map<number, number>, names: Annotator): boolean {
  let iface = interfaces.get(packet.linkType);
  if (iface === undefined) {
    iface = interfaces.size;
    interfaces.set(packet.linkType, iface);
    interfaceBlock(out, packet.linkType, `link-${packet.linkType}`, 'as captured');
  }
  const comment = names.comment(packet);
  const start = beginPacket(out, iface, splitEpoch(packet.time), 0);
  out.put(packet.bytes);
  const at = beginComment(out, start, packet.length);
  out.put(Buffer.from(comment));
  endPacket(out, start, at, 0);
  return comment !== '';
}

/** Names both ends of packets: by the sockets of the capture, else by who had the address at the time. */
class Annotator {
  readonly #capture: Capture;
  readonly #view: EventView;
  /** Descriptors by protocol, own end and other end; ports are used again, so there may be several. */
  readonly #sockets = new Map<string, FdRow[]>();
  /** Who used a descriptor first, and when. */
  readonly #first = new Map<number, { readonly thread: number; readonly time: number }>();

  constructor(capture: Capture) {
    this.#capture = capture;
    this.#view = new EventView(contextOf(capture));
    for (const fd of capture.dims.fds.all()) if (isIpSocket(fd) && fd.localIp !== null) this.#remember(fd);
    for (const head of capture.heads()) {
      const { n, fd, thread, time } = capture.passingChunk(head);
      for (let i = 0; i < n; i++)
        if (fd[i] !== 0 && !this.#first.has(fd[i]!)) this.#first.set(fd[i]!, { thread: thread[i]!, time: time[i]! });
    }
  }

  #remember(fd: FdRow): void {
    const key = keyOfFd(fd);
    this.#sockets.set(key, [...(this.#sockets.get(key) ?? []), fd]);
  }

  /** The socket of a packet's time: the last that was in use by then, else the first that came later. */
  #socketAt(ends: Ends, time: number): FdRow | undefined {
    const alike = this.#sockets.get(keyOf(ends)) ?? this.#sockets.get(keyOf({ ...ends, target: '', targetPort: 0 })) ?? [];
    const firstUse = (fd: FdRow) => this.#first.get(fd.id)?.time ?? Number.POSITIVE_INFINITY;
    const ordered = alike.toSorted((a, b) => firstUse(a) - firstUse(b));
    return ordered.findLast((fd) => firstUse(fd) <= time + EARLY) ?? ordered[0];
  }

  /** `from pod shop/web, process curl (42); to service shop/db`; empty: nobody is known. */
  comment(packet: Packet): string {
    const ends = endsOfPacket(packet);
    if (ends === null) return '';
    const time = Number(packet.time - this.#capture.epoch);
    const source = this.#endText(ends, time);
    const target = this.#endText(turned(ends), time);
    return [source === '' ? '' : `from ${source}`, target === '' ? '' : `to ${target}`].filter((part) => part !== '').join('; ');
  }

  #endText(ends: Ends, time: number): string {
    const fd = this.#socketAt(ends, time);
    const process = fd === undefined ? '' : this.#processText(fd, time);
    const owner = process.startsWith('pod ') ? '' : this.#addressText(ends.source, time);
    return sanitize([owner, process].filter((part) => part !== '').join(', '));
  }

  #processText(fd: FdRow, time: number): string {
    const view = this.#view.onRow('thread', this.#first.get(fd.id)?.thread ?? 0, time);
    const { process } = view;
    if (process === null) return '';
    const pod = view.kube.pod(process.container, time, view);
    return `${pod === null ? '' : `pod ${pod.namespace}/${pod.name}, `}process ${process.comm} (${process.pid})`;
  }

  #addressText(ip: string, time: number): string {
    const plain = ipaddr.process(ip).toString();
    for (const kind of ['Pod', 'Service', 'Node'] as const) {
      const row = this.#view.kube.atAddress(plain, kind, time, this.#view);
      if (row !== null) return `${kind.toLowerCase()} ${row.namespace === '' ? '' : `${row.namespace}/`}${row.name}`;
    }
    return '';
  }
}

const turned = ({ protocol, source, target, sourcePort, targetPort }: Ends): Ends => ({
  protocol,
  source: target,
  target: source,
  sourcePort: targetPort,
  targetPort: sourcePort,
});

const plainOf = (ip: string) => (ip === '' ? '' : ipaddr.isValid(ip) ? ipaddr.process(ip).toNormalizedString() : ip);

function keyOf({ protocol, source, sourcePort, target, targetPort }: Ends): string {
  return `${protocol} ${plainOf(source)} ${sourcePort} ${plainOf(target)} ${targetPort}`;
}

function keyOfFd({ l4proto, localIp, localPort, remoteIp, remotePort }: FdRow): string {
  return keyOf({ protocol: l4proto, source: localIp!, sourcePort: localPort, target: remoteIp ?? '', targetPort: remotePort });
}
