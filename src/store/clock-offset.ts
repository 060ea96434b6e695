/**
 * How far apart the clocks of two nodes are, from connections that both recorded: what one wrote, the other cannot have read before.
 * The first bytes each way bound the offset from both sides.
 */
import type { Capture } from '../capture/capture.ts';
import { startTime } from '../model/chunk.ts';
import { endText, isIpSocket } from '../model/fd-name.ts';
import type { FdRow } from '../model/rows.ts';

export interface ClockOffset {
  /** ns: the second's clock minus the first's. */
  readonly ns: number;
  /** ns by which it may be wrong; null: there is nothing to tell it by, and it was taken to be 0. */
  readonly error: number | null;
  readonly connections: number;
}

/** First moments of one end, ns since its capture's start. */
interface Firsts {
  /** When the first write began. */
  write: number | null;
  /** When the first read had ended. */
  read: number | null;
}

const TCP = 6;

export function clockOffset(first: Capture, second: Capture): ClockOffset {
  return offsetOf(clockOf(first), clockOf(second));
}

/** Of each capture's clock against that of the first, by way of others where the two have no connection with each other. */
export function clockOffsets(captures: readonly Capture[]): ClockOffset[] {
  const clocks = captures.map(clockOf);
  const placed = new Map<number, ClockOffset>([[0, { ns: 0, error: 0, connections: 0 }]]);
  while (placed.size < clocks.length) {
    const found = surest(clocks, placed);
    if (found === null) break;
    placed.set(found.k, found.offset);
  }
  return clocks.map((_, k) => placed.get(k) ?? UNKNOWN);
}

const UNKNOWN: ClockOffset = { ns: 0, error: null, connections: 0 };

/** The next clock that can be told by those that are placed, with the least error; null: none can. */
function surest(clocks: readonly Clock[], placed: ReadonlyMap<number, ClockOffset>): { k: number; offset: ClockOffset } | null {
  let best: { k: number; offset: ClockOffset } | null = null;
  for (const [by, base] of placed) {
    for (let k = 0; k < clocks.length; k++) {
      const { ns, error, connections } = placed.has(k) ? UNKNOWN : between(clocks[by]!, clocks[k]!);
      if (error === null) continue;
      const offset = { ns: base.ns + ns, error: base.error! + error, connections };
      if (best === null || offset.error < best.offset.error!) best = { k, offset };
    }
  }
  return best;
}

/** What of a capture tells its clock. */
interface Clock {
  /** Captures of one node have one clock. */
  readonly host: string;
  readonly epoch: bigint;
  readonly firsts: ReadonlyMap<string, Firsts>;
}

const clockOf = (capture: Capture): Clock => ({ host: capture.meta.hostname ?? '', epoch: capture.epoch, firsts: firstsOf(capture) });

const between = (one: Clock, other: Clock): ClockOffset =>
  one.host !== '' && one.host === other.host ? { ns: 0, error: 0, connections: 0 } : offsetOf(one, other);

function offsetOf(first: Clock, second: Clock): ClockOffset {
  const apart = Number(second.epoch - first.epoch);
  let low = -Infinity;
  let high = Infinity;
  let connections = 0;
  for (const [key, mine] of first.firsts) {
    const other = second.firsts.get(turned(key));
    if (other === undefined) continue;
    const [below, above] = bounds(mine, other, apart);
    if (below === -Infinity && above === Infinity) continue;
    connections++;
    low = Math.max(low, below);
    high = Math.min(high, above);
  }
  if (low === -Infinity || high === Infinity) return { ns: 0, error: null, connections };
  return { ns: (low + high) / 2, error: Math.abs(high - low) / 2, connections };
}

/** What one connection says of the second's clock minus the first's. */
function bounds(mine: Firsts, other: Firsts, apart: number): readonly [below: number, above: number] {
  const above = mine.write === null || other.read === null ? Infinity : apart + other.read - mine.write;
  const below = other.write === null || mine.read === null ? -Infinity : apart + other.write - mine.read;
  return [below, above];
}

/** By own end and other end. */
function firstsOf(capture: Capture): Map<string, Firsts> {
  const sockets = new Map<number, Firsts>();
  const byEnds = new Map<string, Firsts>();
  for (const fd of capture.dims.fds.all()) {
    const key = keyOf(fd);
    if (key === null) continue;
    const firsts = byEnds.get(key) ?? { write: null, read: null };
    byEnds.set(key, firsts);
    sockets.set(fd.id, firsts);
  }
  const io = new Map([...capture.dims.types.all()].map(({ id, io: way }) => [id, way]));
  for (const head of capture.heads()) {
    const chunk = capture.passingChunk(head);
    for (let i = 0; i < chunk.n; i++) {
      const firsts = sockets.get(chunk.fd[i]!);
      if (firsts === undefined || !(chunk.res[i]! > 0)) continue;
      const way = io.get(chunk.type[i]!);
      if (way === 'write') firsts.write ??= startTime(chunk, i);
      if (way === 'read') firsts.read ??= chunk.time[i]!;
    }
  }
  return byEnds;
}

function keyOf(fd: FdRow): string | null {
  if (!isIpSocket(fd) || fd.l4proto !== TCP || fd.localIp === null || fd.remoteIp === null || fd.localIp === fd.remoteIp) return null;
  const plain = (ip: string) => ip.replace(/^::ffff:(?=\d+\.)/, '');
  return `${endText({ ip: plain(fd.localIp), port: fd.localPort })} ${endText({ ip: plain(fd.remoteIp), port: fd.remotePort })}`;
}

const turned = (key: string) => key.split(' ').reverse().join(' ');
