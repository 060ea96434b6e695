/** A part of a capture as a capture of its own: the matching events under their own numbers, and only the rows they need. */

import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { OpenChunk } from '../model/chunk.ts';
import { History } from '../model/history.ts';
import { type DimensionTables, newTables, type ProcessRow, type Rows, type Table } from '../model/rows.ts';
import { CaptureWriter } from './writer.ts';

/** Small enough to send around: slower to write. */
const LEVEL = 9;

/**
 * Writes what matches to a new capture. Gives the number of events. `namespaces`: what Kubernetes has in others, and the node's network, is
 * left out; null: nothing is.
 */
export function extract(capture: Capture, filter: CompiledFilter, path: string, namespaces: ReadonlySet<string> | null = null): number {
  const tables = newTables();
  const writer = new CaptureWriter(path, tables, { level: LEVEL, live: false, small: true });
  const rows = new NeededRows(capture, tables);
  const { state, ...meta } = capture.meta;
  const said = [capture.meta.filter, shortened(filter.text)].filter((text) => text !== '' && text !== undefined).join(' and ');
  writer.meta({ ...meta, filter: said });
  let total = 0;
  for (const { chunk, selection, n } of capture.select(filter)) {
    const part = new OpenChunk(n, 1024);
    for (let k = 0; k < n; k++) part.take(chunk, selection[k]!);
    rows.need(part);
    writer.append(part);
    total += n;
  }
  rows.finish(namespaces);
  writer.close({ end: capture.meta.end ?? '', ...(state === 'broke off' ? { state } : {}) });
  return total;
}

/** Characters of a filter that are told of the part: people read it, and what a verdict cites is a list of a thousand numbers. */
const MOST_SAID = 300;
const BEGINNING = 160;

function shortened(filter: string): string {
  return filter.length <= MOST_SAID ? filter : `${filter.slice(0, BEGINNING)} … (${filter.length} characters)`;
}

/** Containers are told apart by as many characters of their ids. */
const CONTAINER_ID = 12;

/** Rows that may have changed since an earlier part: threads end, questions are answered. */
function refresh<Row extends { readonly id: number }>(known: Table<Row>, now: Rows<Row>): void {
  for (const { id } of [...known.all()]) {
    const row = now.get(id);
    if (row !== undefined) known.put(row);
  }
}

/** Copies rows when the first event refers to them; of several parts of a recording, a row as the last part has it. */
export class NeededRows {
  readonly #capture: Capture;
  readonly #tables: DimensionTables;
  readonly #byPid: History<number, ProcessRow>;
  readonly #events = new Set<number>();

  constructor(capture: Capture, tables: DimensionTables, range = { from: -Infinity, to: Infinity }) {
    this.#capture = capture;
    this.#tables = tables;
    this.#byPid = new History(capture.dims.processes, (row) => row.pid);
    for (const loss of capture.dims.losses.all()) if (loss.to >= range.from && loss.from <= range.to) tables.losses.put(loss);
    refresh(tables.threads, capture.dims.threads);
    refresh(tables.processes, capture.dims.processes);
    refresh(tables.dns, capture.dims.dns);
  }

  need(chunk: OpenChunk): void {
    for (let i = 0; i < chunk.n; i++) {
      this.#events.add(chunk.num[i]!);
      this.#thread(chunk.thread[i]!);
      this.#type(chunk.type[i]!);
      const fd = chunk.fd[i]!;
      if (fd !== 0 && this.#tables.fds.get(fd) === undefined) this.#tables.fds.put(this.#capture.dims.fds.get(fd)!);
    }
  }

  /** What belongs to the events kept: their DNS messages, resolvers and users. */
  finish(namespaces: ReadonlySet<string> | null = null): void {
    const { dims } = this.#capture;
    for (const row of dims.dns.all()) if (this.#events.has(row.num)) this.#tables.dns.put(row);
    for (const row of dims.dnsSockets.all()) if (this.#tables.fds.get(row.fd) !== undefined) this.#tables.dnsSockets.put(row);
    for (const row of dims.resolvers.all()) if (this.#tables.threads.get(row.thread) !== undefined) this.#tables.resolvers.put(row);
    const processes = [...this.#tables.processes.all()];
    const containers = new Set(processes.map(({ container }) => container.slice(0, CONTAINER_ID)));
    for (const row of dims.containers.all()) if (containers.has(row.container.slice(0, CONTAINER_ID))) this.#tables.containers.put(row);
    const isShown = ({ kind, namespace, name }: { kind: string; namespace: string; name: string }) =>
      namespaces === null || namespaces.has(kind === 'Namespace' ? name : namespace) || kind === 'Node';
    for (const row of dims.objects.all()) if (isShown(row)) this.#tables.objects.put(row);
    for (const row of dims.kubeEvents.all()) if (isShown(row)) this.#tables.kubeEvents.put(row);
    if (namespaces === null) for (const row of dims.nodeFacts.all()) this.#tables.nodeFacts.put(row);
    const uids = new Set(processes.flatMap(({ uid, loginuid }) => [uid, loginuid]));
    const gids = new Set(processes.map(({ gid }) => gid));
    for (const user of dims.users.all()) if (uids.has(user.uid)) this.#tables.users.put(user);
    for (const group of dims.groups.all()) if (gids.has(group.gid)) this.#tables.groups.put(group);
  }

  #type(id: number): void {
    if (this.#tables.types.get(id) !== undefined) return;
    const type = this.#capture.dims.types.get(id);
    if (type !== undefined) this.#tables.types.put(type);
  }

  #thread(id: number): void {
    if (id === 0 || this.#tables.threads.get(id) !== undefined) return;
    const thread = this.#capture.dims.threads.get(id)!;
    this.#tables.threads.put(thread);
    this.#process(this.#capture.dims.processes.get(thread.process)!);
  }

  /** A process and those above it, which filters may ask for. */
  #process(row: ProcessRow): void {
    if (this.#tables.processes.get(row.id) !== undefined) return;
    this.#tables.processes.put(row);
    const parent = this.#byPid.at(row.ppid, row.from, { from: -Infinity, until: Infinity });
    if (parent !== null) this.#process(parent);
  }
}
