/** Captures as one, on one time line. What nodes number for themselves (processes, network namespaces) stays apart. */
import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import type { MemberOf } from '../capture/members.ts';
import { CHUNK_EVENTS, type Chunk, OpenChunk } from '../model/chunk.ts';
import { FIRST_IMPORTED } from '../model/event-type.ts';
import { PID_OFFSET } from '../model/nodes.ts';
import { type DimensionTables, newTables, type RowName } from '../model/rows.ts';
import type { ClockOffset } from './clock-offset.ts';
import type { Joined, Placed, Together } from './ends.ts';
import { OriginLog } from './origins.ts';
import { CaptureWriter } from './writer.ts';

const LEVEL = 3;
const DAY = 86_400e9;

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
  /** It is the first: rows that all have are taken of it. */
  readonly leads: boolean;
}

export interface Merged {
  readonly events: number;
  /** The nodes, each once; processes of the k-th, from 0, have k times PID_OFFSET added. */
  readonly nodes: readonly string[];
}

/** Captures, and what tells how they lie together. */
export interface MergeOf extends Together {
  readonly captures: readonly Capture[];
}

/** A capture, and by how many ns its clock is ahead of the first one's. */
interface Member {
  readonly capture: Capture;
  readonly offset: number;
}

/** More connections are not listed: some 20 bytes each. */
const MOST_ENDS = 100_000;

/** Writes all events of all captures to a new one. Throws CaptureError. */
export function merge({ captures, offsets, joined }: MergeOf, path: string): Merged {
  const members = captures.map((capture, k) => ({ capture, offset: offsets[k]!.ns }));
  const nodes = [...new Set(members.map(({ capture }) => capture.meta.hostname ?? ''))];
  const parts = partsOf(members, nodes);
  const tables = newTables();
  const writer = new CaptureWriter(path, tables, { level: LEVEL, live: false });
  const origins = new OriginLog();
  const events = writeEvents(writer, parts, origins);
  for (const part of parts) copyRows(part, tables);
  writer.meta({
    ...captures[0]!.meta,
    epoch: String(captures[0]!.epoch - BigInt(parts[0]!.shift)),
    hostname: nodes.join('+'),
    nodes: JSON.stringify(nodes),
    members: JSON.stringify(captures.map(({ meta }, k) => memberOf(meta.hostname ?? '', offsets[k]!))),
    ends: JSON.stringify(endsOf(joined, parts)),
  });
  writer.close({
    end: String(Math.round(Math.max(...parts.map(({ capture, shift }) => endOf(capture) + shift)))),
    state: captures.every(({ meta }) => meta.state === 'complete') ? 'complete' : 'broke off',
  });
  origins.write(path);
  return { events, nodes };
}

const memberOf = (node: string, { ns, error, connections }: ClockOffset): MemberOf => ({ node, offset: ns, error, connections });

/** Those that the client's own end does not tell, being the same at one server alone. */
function endsOf(joined: readonly Joined[], parts: readonly Part[]): (number | string)[][] {
  const untold = joined.filter(({ client, server, chosen }) => client.end.local !== server.end.remote || chosen);
  const row = ({ capture }: Placed, fd: number) => fd + parts[capture]!.ids.fds;
  return untold
    .flatMap(({ client, server, by }) => client.end.fds.map((fd) => [row(client, fd), row(server, server.end.fds[0]!), by]))
    .slice(0, MOST_ENDS);
}

/** Times count from the earliest beginning, row ids go on where those of the part before end. */
function partsOf(members: readonly Member[], nodes: readonly string[]): Part[] {
  const first = members[0]!.capture;
  const begins = members.map(({ capture, offset }) => sinceFirst(first, capture) - Math.round(offset));
  const earliest = Math.min(...begins);
  let before = idsOf(() => 0);
  return members.map(({ capture }, k) => {
    const ids = before;
    before = idsOf((name) => (name === 'types' ? 0 : ids[name] + capture.dims[name].lastId));
    const pids = nodes.indexOf(capture.meta.hostname ?? '') * PID_OFFSET;
    return { capture, shift: begins[k]! - earliest, pids, ids, nums: numsIn(capture), leads: k === 0 };
  });
}

/** ns from the first one's beginning to this one's, by their own clocks. */
function sinceFirst(first: Capture, capture: Capture): number {
  const later = Number(capture.epoch - first.epoch);
  if (Math.abs(later) <= Number.MAX_SAFE_INTEGER) return later;
  const days = Math.round(Math.abs(later) / DAY);
  throw new CaptureError(capture.path, `was recorded ${days} days from ${first.path}: that is no one time line`);
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
  readonly member: number;
  readonly #chunks: Iterator<Chunk>;
  chunk: Chunk | null = null;
  i = 0;

  constructor(part: Part, member: number) {
    this.part = part;
    this.member = member;
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
function writeEvents(writer: CaptureWriter, parts: readonly Part[], origins: OriginLog): number {
  const cursors = parts.map((part, member) => new Cursor(part, member));
  const out = new OpenChunk(CHUNK_EVENTS, 1 << 20);
  let num = 0;
  for (;;) {
    const from = earliestOf(cursors);
    if (from.chunk === null) break;
    origins.add(from.member, from.chunk.num[from.i]!);
    takeEvent(out, from, ++num);
    from.next();
    if (!out.full) continue;
    writer.append(out);
    out.clear();
  }
  if (out.n > 0) writer.append(out);
  return num;
}

/** The one whose event is next; of those at the same time, the first. */
function earliestOf(cursors: readonly Cursor[]): Cursor {
  let found = cursors[0]!;
  for (const cursor of cursors) if (cursor.time < found.time) found = cursor;
  return found;
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

function copyRows({ capture: { dims }, shift, pids, ids, nums, leads }: Part, tables: DimensionTables): void {
  const span = ({ from, to }: { from: number; to: number | null }) => ({ from: from + shift, to: to === null ? null : to + shift });
  const pid = (value: number) => (value > 0 ? value + pids : value);
  const num = (value: number) => nums.get(value) || value;
  const row = <T extends { id: number }>(name: RowName, one: T): T => ({ ...one, id: one.id + ids[name] });
  for (const one of dims.types.all()) if (one.id < FIRST_IMPORTED || leads) tables.types.put(one);
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
  for (const one of dims.users.all()) if (leads || pids === 0) tables.users.put(row('users', one));
  for (const one of dims.groups.all()) if (leads || pids === 0) tables.groups.put(row('groups', one));
}
