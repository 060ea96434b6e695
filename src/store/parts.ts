/** Parts of one recording, read as one capture: their rows have the same ids, and a later part knows more of one. */
import { type BlindSpot, blindSpots, type LossSummary, lossesOf } from '../capture/blind-spots.ts';
import type { Capture } from '../capture/capture.ts';
import type { Outcome, Question } from '../capture/event-stream.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { type Match, type Range, readSelected, selectChunks } from '../capture/select.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { Chunk, ChunkHead } from '../model/chunk.ts';
import { DIMENSION_NAMES } from '../model/dimensions.ts';
import { type Dimensions, newTables, type RowName, type Rows, type Table } from '../model/rows.ts';
import { CaptureReader } from './reader.ts';

export class PartsCapture implements Capture {
  readonly path: string;
  readonly dims: Dimensions;
  readonly #parts: readonly CaptureReader[];
  readonly #partOf = new WeakMap<ChunkHead, CaptureReader>();

  /** `paths`: at least one, in order; the last may still be growing. Throws CaptureError. */
  constructor(paths: readonly string[]) {
    this.path = paths.at(-1)!;
    const opened: CaptureReader[] = [];
    try {
      for (const path of paths) opened.push(new CaptureReader(path));
      this.dims = allRows(opened);
    } catch (error) {
      for (const part of opened) part.close();
      throw error;
    }
    this.#parts = opened;
  }

  get meta(): Readonly<Partial<CaptureMeta>> {
    const { begin: _, ...meta } = this.#parts.at(-1)!.meta;
    const { begin } = this.#parts[0]!.meta;
    return begin === undefined ? meta : { ...meta, begin };
  }

  get epoch(): bigint {
    return this.#parts[0]!.epoch;
  }

  get bytes(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get schema(): number {
    return this.#parts[0]!.schema;
  }

  get blindSpots(): readonly BlindSpot[] {
    return blindSpots(this);
  }

  get losses(): LossSummary {
    return lossesOf(this.dims);
  }

  /** All parts are of one recording. */
  origin(): null {
    return null;
  }

  get revision(): number {
    return this.#parts.at(-1)!.revision;
  }

  *heads(after = 0): Generator<ChunkHead> {
    for (const part of this.#parts) {
      for (const head of part.heads(after)) {
        this.#partOf.set(head, part);
        yield head;
      }
    }
  }

  chunk(head: ChunkHead): Chunk {
    return this.#partOf.get(head)!.chunk(head);
  }

  passingChunk(head: ChunkHead): Chunk {
    return this.#partOf.get(head)!.passingChunk(head);
  }

  select(filter: CompiledFilter, range: Range = {}): Iterable<Match> {
    return selectChunks(this, filter, range);
  }

  answers(): boolean {
    return true;
  }

  read(question: Question, onMatch: (match: Match) => boolean): Promise<Outcome> {
    return readSelected(this, question, onMatch);
  }

  timeOf(num: number): number | null {
    for (const part of this.#parts) {
      const time = part.timeOf(num);
      if (time !== null) return time;
    }
    return null;
  }

  last(): { num: number; time: number; count: number } | null {
    const lasts = this.#parts.map((part) => part.last()).filter((last) => last !== null);
    const newest = lasts.at(-1);
    return newest === undefined ? null : { ...newest, count: lasts.reduce((sum, { count }) => sum + count, 0) };
  }

  /** Of the part that grows, one moment. */
  snapshot<T>(work: () => T): T {
    return this.#parts.at(-1)!.snapshot(work);
  }

  /** It is of the moment at which it was opened. */
  refresh(): void {}

  close(): void {
    for (const part of this.#parts) part.close();
  }
}

function allRows(parts: readonly CaptureReader[]): Dimensions {
  const tables = newTables();
  for (const { dims } of parts)
    for (const name of DIMENSION_NAMES) putAll(tables[name] as Table<never>, dims[name as RowName] as Rows<never>);
  return tables;
}

function putAll<Row extends { readonly id: number }>(table: Table<Row>, rows: Rows<Row>): void {
  for (const row of rows.all()) table.put(row);
}
