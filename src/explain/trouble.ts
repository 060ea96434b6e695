/** What the kernel said of packets, by the ends of the connections that they belonged to. */

import type { Capture } from '../capture/capture.ts';
import { numberArg, textArg } from '../event/args.ts';
import { type Chunk, EventFlag } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import { endText, fdName } from '../model/fd-name.ts';
import type { FdRow } from '../model/rows.ts';
import type { Dropped } from '../node/way.ts';
import type { Trouble } from './story.ts';

/** More of them tell nothing new. */
const MAX_TROUBLES = 100_000;
/** Says nothing about a connection's health. */
const HARMLESS: ReadonlySet<string> = new Set(['tcp_state', 'lost']);

export class Troubles {
  readonly #byEnd = new Map<string, Trouble[]>();
  /** All packets that were dropped. */
  readonly dropped: Dropped[] = [];

  constructor(capture: Capture) {
    const types = new Map<number, EventType>();
    for (const type of capture.dims.types.all()) if (type.family === 'trouble' && !HARMLESS.has(type.name)) types.set(type.id, type);
    let n = 0;
    for (const head of capture.heads()) {
      const present = head.presence('type');
      if (present !== null && !present.some((id) => types.has(id))) continue;
      const chunk = capture.passingChunk(head);
      for (let i = 0; i < chunk.n && n < MAX_TROUBLES; i++) {
        const type = types.get(chunk.type[i]!);
        if (type === undefined || (chunk.flags[i]! & EventFlag.ONE_SIDED) === 0) continue;
        const fd = capture.dims.fds.get(chunk.fd[i]!);
        if (fd === undefined) continue;
        const trouble = troubleOf(chunk, i, type, fd);
        for (const end of [
          endText({ ip: String(fd.localIp), port: fd.localPort }),
          endText({ ip: String(fd.remoteIp), port: fd.remotePort }),
        ])
          this.#add(end, trouble);
        if (trouble.dropped !== undefined) this.dropped.push(trouble.dropped);
        n++;
      }
    }
  }

  /** Those of one end of a connection, between two times. */
  of(end: string, from: number, to: number): Trouble[] {
    return (this.#byEnd.get(end.replace(/[[\]]/g, '')) ?? []).filter(({ time }) => time >= from && time <= to);
  }

  #add(end: string, trouble: Trouble): void {
    const known = this.#byEnd.get(end);
    if (known === undefined) this.#byEnd.set(end, [trouble]);
    else known.push(trouble);
  }
}

function troubleOf(chunk: Chunk, i: number, type: EventType, fd: FdRow): Trouble {
  const reason = textArg(chunk, i, type, 'reason');
  const shared = { num: chunk.num[i]!, time: chunk.time[i]!, type: type.name, reason };
  if (type.name !== 'packet_drop') return { ...shared, tuple: fdName(fd) };
  const [netns, ifindex] = [numberArg(chunk, i, type, 'netns'), numberArg(chunk, i, type, 'ifindex')];
  const dropped = droppedOf({ reason, netns, ifindex }, fd);
  return { ...shared, tuple: `${endText(dropped.src)}->${endText(dropped.dst)}`, dropped };
}

/** The row is the receiver's: its local end is where the packet was going. */
function droppedOf(
  args: Pick<Dropped, 'reason' | 'netns' | 'ifindex'>,
  { l4proto, localIp, localPort, remoteIp, remotePort }: FdRow,
): Dropped {
  const [src, dst] = [
    { ip: remoteIp ?? '', port: remotePort },
    { ip: localIp ?? '', port: localPort },
  ];
  return { ...args, l4proto, src, dst, count: 1 };
}
