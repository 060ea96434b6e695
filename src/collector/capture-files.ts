/** The file that a recording is written to, or the files, one after the other. */

import type { CaptureMeta } from '../capture/meta.ts';
import type { OpenChunk } from '../model/chunk.ts';
import type { DimensionTables } from '../model/rows.ts';
import { CaptureWriter } from '../store/writer.ts';
import type { SegmentState, Segments } from './segments.ts';

/** zstd's, of full chunks. */
const LEVEL = 1;
/** What a new file begins with; descriptors, of which there are most, follow as they are used. Messages and losses stay where they belong. */
const IN_EVERY_FILE = [
  'types',
  'processes',
  'threads',
  'users',
  'groups',
  'resolvers',
  'counters',
  'nodeFacts',
  'containers',
  'objects',
  'kubeEvents',
] as const;

/** Times are ns since the recording began. */
export class CaptureFiles {
  readonly #tables: DimensionTables;
  readonly #segments: Segments | null;
  #meta: Partial<CaptureMeta>;
  #writer: CaptureWriter;
  #events = 0;
  /** When the file began. */
  #from = 0;
  readonly #fdsInFile = new Set<number>();

  /** `segments`: null, `path` holds everything. */
  constructor(path: string, tables: DimensionTables, meta: Partial<CaptureMeta>, segments: Segments | null) {
    this.#tables = tables;
    this.#segments = segments;
    this.#meta = meta;
    this.#writer = this.#open(path);
  }

  #open(path: string): CaptureWriter {
    const writer = new CaptureWriter(path, this.#tables, { level: LEVEL, live: true });
    writer.meta(this.#meta);
    writer.flush();
    return writer;
  }

  get meta(): Partial<CaptureMeta> {
    return this.#meta;
  }

  get bytes(): number {
    return this.#writer.bytes;
  }

  /** What is in the file that is being written. */
  segmentTo(to: number): SegmentState {
    return { events: this.#events, bytes: this.bytes, from: this.#from, to };
  }

  /** Events for which it still has room. */
  get room(): number {
    return (this.#segments?.maxEvents ?? Infinity) - this.#events;
  }

  isFull(to: number): boolean {
    return this.#segments?.isFull(this.segmentTo(to)) === true;
  }

  /** Says it in this file and in those that follow. */
  setMeta(meta: Partial<CaptureMeta>): void {
    this.#meta = { ...this.#meta, ...meta };
    this.#writer.meta(meta);
  }

  /** Says it in this file alone. */
  noteHere(meta: Partial<CaptureMeta>): void {
    this.#writer.meta(meta);
  }

  /** Appends events [from, to) of a chunk. */
  append(chunk: OpenChunk, from: number, to: number): void {
    if (this.#segments !== null) this.#nameFds(chunk, from, to);
    this.#writer.append(chunk, from, to);
    this.#events += to - from;
  }

  /** Each file has the descriptors that its events use. */
  #nameFds(chunk: OpenChunk, from: number, to: number): void {
    const known = this.#fdsInFile;
    for (let i = from, last = 0; i < to; i++) {
      const id = chunk.fd[i]!;
      if (id === last) continue;
      last = id;
      if (known.has(id)) continue;
      known.add(id);
      const row = this.#tables.fds.get(id);
      if (row !== undefined) this.#tables.fds.touch(row);
    }
  }

  flush(): void {
    this.#writer.flush();
  }

  /** Closes the file, complete, and goes on in the next. `beforeNext`: rows that the next is to have and this one is not. Nothing where there is one file. */
  next(end: number, beforeNext: () => void): void {
    if (this.#segments === null) return;
    const segment = this.segmentTo(end);
    this.close(end, {});
    for (const name of IN_EVERY_FILE) this.#tables[name].touchAll();
    this.#events = 0;
    this.#from = end;
    this.#fdsInFile.clear();
    beforeNext();
    this.#writer = this.#open(this.#segments.next(segment));
  }

  close(end: number, meta: Partial<CaptureMeta>): void {
    const begin = this.#from === 0 ? {} : { begin: String(this.#from) };
    this.#writer.close({ ...begin, end: String(end), ...meta });
  }

  /** What cannot be closed any more says at least why. */
  abandon(end: number, meta: Partial<CaptureMeta>): void {
    this.#writer.abandon({ end: String(end), ...meta });
  }
}
