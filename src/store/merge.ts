/** Two captures as one, on one time line. What both nodes number for themselves (processes, network namespaces) stays apart. */
import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import { CHUNK_EVENTS, type Chunk, OpenChunk } from '../model/chunk.ts';
import { FIRST_IMPORTED } from '../model/event-type.ts';
import { type DimensionTables, newTables, type RowName } from '../model/rows.ts';
import type { ClockOffset } from './clock-offset.ts';
import { CaptureWriter } from './writer.ts';

const LEVEL = 3;
const DAY = 86_400e9;
/** Linux numbers processes below 2^22: those of the second capture are shown with this added. */
export const PID_OFFSET = 10_000_000;

/** One of the captures, and what is added to its numbers. */
interface Part {
  readonly capture: Capture;
  /** ns that are added to its times. */
  readonly shift: number;
  readonly pids: number;
  /** Added to rows' ids, by dimension. */
  readonly ids: Readonly<Record<RowName, number>>;
  /** New numbers of its events that rows refer to, filled while events are written. */
  readonly nums: Map<number, number>;
}

export interface Merged {
  readonly events: number;
  /** Processes of the second have PID_OFFSET added. */
  readonly apart: boolean;
}

/** `offset`: of the second's clock against the first's. */
export function merge(first: Capture, second: Capture, offset: ClockOffset, path: string): Merged {
  const later = Number(second.epoch - first.epoch) - Math.round(offset.ns);
  if (Math.abs(later) > Number.MAX_SAFE_INTEGER)
    throw new CaptureError(
      second.path,
      `was recorded ${Math.round(Math.abs(later) / DAY)} days from ${first.path}: that is no one time line`,
    );
  const [shiftA, shiftB] = later >= 0 ? [0, later] : [-later, 0];
  const apart = first.meta.hostname !== second.meta.hostname;
  const a: Part = { capture: first, shift: shiftA, pids: 0, ids: idsOf(() => 0), nums: numsIn(first) };
  const after = idsOf((name) => (name === 'types' ? 0 : first.dims[name].lastId));
  const b: Part = { capture: second, shift: shiftB, pids: apart ? PID_OFFSET : 0, ids: after, nums: numsIn(second) };
  const tables = newTables();
  const writer = new CaptureWriter(path, tables, { level: LEVEL, live: false });
  const events = writeEvents(writer, a, b);
  for (const part of [a, b]) copyRows(part, tables);
  writer.meta({
    ...first.meta,
    hostname: apart ? `${first.meta.hostname ?? ''}+${second.meta.hostname ?? ''}` : (first.meta.hostname ?? ''),
  });
  const end = Math.max(endOf(first) + shiftA, endOf(second) + shiftB);
  writer.close({
    end: String(Math.round(end)),
    state: [first, second].every(({ meta }) => meta.state === 'complete') ? 'complete' : 'broke off',
  });
  return { events, apart };
}

const endOf = (capture: Capture) => Number(capture.meta.end ?? 0) || (capture.last()?.time ?? 0);

function idsOf(of: (name: RowName) => number): Record<RowName, number> {
  return Object.fromEntries((Object.keys(newTables()) as RowName[]).map((name) => [name, of(name)])) as Record<RowName, number>;
}

/** Numbers of events that rows refer to, each to get its new one. */
function numsIn({ dims }: Capture): Map<number, number> {
  const nums = new Map<number, number>();
  for (const row of dims.dns.all()) nums.set(row.num, 0);
  for (const row of dims.dnsSockets.all()) nums.set(row.num, 0);
  for (const row of dims.resolvers.all()) nums.set(row.num, 0);
  return nums;
}

/** An event of a part that is next in its order. */
class Cursor {
  readonly part: Part;
  readonly #chunks: Iterator<Chunk>;
  chunk: Chunk | null = null;
  i = 0;

  constructor(part: Part) {
    this.part = part;
    this.#chunks = chunksOf(part.capture);
    this.#load();
  }

  get time(): number {
    return this.chunk === null ? Infinity : this.chunk.time[this.i]! + this.part.shift;
  }

  next(): void {
    if (++this.i >= this.chunk!.n) this.#load();
  }

  #load(): void {
    const { value, done } = this.#chunks.next();
    this.chunk = done === true ? null : value;
    this.i = 0;
  }
}

function* chunksOf(capture: Capture): Generator<Chunk> {
  for (const head of capture.heads()) yield capture.chunk(head);
}

/** In the order of time, numbered anew. */
function writeEvents(writer: CaptureWriter, a: Part, b: Part): number {
  const [x, y] = [new Cursor(a), new Cursor(b)];
  const out = new OpenChunk(CHUNK_EVENTS, 1 << 20);
  let num = 0;
  while (x.chunk !== null || y.chunk !== null) {
    const from = x.time <= y.time ? x : y;
    takeEvent(out, from, ++num);
    from.next();
    if (!out.full) continue;
    writer.append(out);
    out.clear();
  }
  if (out.n > 0) writer.append(out);
  return num;
}

function takeEvent(out: OpenChunk, { part, chunk, i, time }: Cursor, num: number): void {
  const before = chunk!.num[i]!;
  if (part.nums.has(before)) part.nums.set(before, num);
  const n = out.n;
  out.take(chunk!, i);
  out.num[n] = num;
  out.time[n] = time;
  if (out.thread[n] !== 0) out.thread[n]! += part.ids.threads;
  if (out.fd[n] !== 0) out.fd[n]! += part.ids.fds;
}

function copyRows({ capture: { dims }, shift, pids, ids, nums }: Part, tables: DimensionTables): void {
  const span = ({ from, to }: { from: number; to: number | null }) => ({ from: from + shift, to: to === null ? null : to + shift });
  const pid = (value: number) => (value > 0 ? value + pids : value);
  const num = (value: number) => nums.get(value) || value;
  const row = <T extends { id: number }>(name: RowName, one: T): T => ({ ...one, id: one.id + ids[name] });
  for (const one of dims.types.all()) if (one.id < FIRST_IMPORTED || ids.threads === 0) tables.types.put(one);
  for (const one of dims.threads.all())
    tables.threads.put({
      ...row('threads', one),
      ...span(one),
      tid: pid(one.tid),
      process: one.process === 0 ? 0 : one.process + ids.processes,
    });
  for (const one of dims.processes.all())
    tables.processes.put({
      ...row('processes', one),
      ...span(one),
      pid: pid(one.pid),
      ppid: pid(one.ppid),
      netns: one.netns === 0 ? 0 : one.netns + pids,
      started: one.started === null ? null : one.started + shift,
    });
  for (const one of dims.fds.all()) tables.fds.put({ ...row('fds', one), netns: one.netns === 0 ? 0 : one.netns + pids });
  for (const one of dims.dns.all())
    tables.dns.put({
      ...row('dns', one),
      num: num(one.num),
      time: one.time + shift,
      start: one.start + shift,
      thread: one.thread + ids.threads,
      fd: one.fd === 0 ? 0 : one.fd + ids.fds,
      partner: one.partner === null ? null : num(one.partner),
    });
  for (const one of dims.dnsSockets.all())
    tables.dnsSockets.put({
      ...row('dnsSockets', one),
      num: num(one.num),
      time: one.time + shift,
      thread: one.thread + ids.threads,
      fd: one.fd + ids.fds,
    });
  for (const one of dims.resolvers.all())
    tables.resolvers.put({ ...row('resolvers', one), num: num(one.num), time: one.time + shift, thread: one.thread + ids.threads });
  for (const one of dims.threadStats.all()) tables.threadStats.put({ ...row('threadStats', one), ...span(one), tid: pid(one.tid) });
  for (const one of dims.containers.all()) tables.containers.put({ ...row('containers', one), ...span(one) });
  for (const one of dims.objects.all()) tables.objects.put({ ...row('objects', one), ...span(one) });
  for (const one of dims.kubeEvents.all())
    tables.kubeEvents.put({ ...row('kubeEvents', one), first: one.first + shift, last: one.last + shift });
  for (const one of dims.losses.all()) tables.losses.put({ ...row('losses', one), from: one.from + shift, to: one.to + shift });
  for (const one of dims.counters.all()) tables.counters.put(row('counters', one));
  for (const one of dims.users.all()) if (ids.users === 0 || pids === 0) tables.users.put(row('users', one));
  for (const one of dims.groups.all()) if (ids.groups === 0 || pids === 0) tables.groups.put(row('groups', one));
}
