/** A .scap file as its events pass by: nothing is written, and nothing is read twice. */
import { type EventStream, type Outcome, outcomeOf, type Question } from '../capture/event-stream.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { type Match, Matcher } from '../capture/select.ts';
import { type Field, looksAhead, needs } from '../event/fields/field.ts';
import type { Chunk } from '../model/chunk.ts';
import { type DimensionTables, newTables } from '../model/rows.ts';
import { withQuickCode } from './quick-code.ts';
import { ScapReader } from './reader.ts';
import { eventNames } from './schema.ts';
import { eachPiece, pieces } from './source.ts';
import { type Survey, Surveyor } from './survey.ts';

/** So many events tell of what kind a file is. */
const ENOUGH_EVENTS = 1000;
/** Bytes that are looked at before asking whether that is enough. */
const LOOK = 1 << 18;

export interface ChunkOptions {
  /** DNS messages are looked for. */
  readonly dns: boolean;
  /** Threads' sizes are kept. */
  readonly sizes: boolean;
}

/** False: that is enough. */
export type OnChunk = (chunk: Chunk) => boolean;

class Enough extends Error {}

export class ScapStream implements EventStream {
  readonly path: string;
  readonly dims: DimensionTables = newTables();
  readonly typeNames = eventNames();
  readonly #file: string;
  readonly #source: AsyncGenerator<Uint8Array>;
  /** What of it has been looked at already. */
  readonly #begin: Uint8Array[] = [];
  #survey: Pick<Survey, 'exitOnly' | 'epoch'> = { exitOnly: false, epoch: 0n };
  /** Why the file ended while its beginning was looked at; null: it did not. */
  #cut: string | null = null;
  #meta: Partial<CaptureMeta> = { source: 'scap' };

  private constructor(file: string, name: string) {
    this.path = name;
    this.#file = file;
    this.#source = pieces(file);
  }

  /** Reads as far as it takes to know what the file is like. */
  static async open(file: string, name = file): Promise<ScapStream> {
    const stream = new ScapStream(file, name);
    const surveyor = new Surveyor();
    const enough = () => surveyor.events >= ENOUGH_EVENTS;
    stream.#cut = await eachPiece(
      stream.#pieces(() => !enough()),
      (piece) => {
        stream.#begin.push(piece);
        for (let at = 0; at < piece.length && !enough(); at += LOOK) surveyor.push(piece.subarray(at, at + LOOK));
      },
    );
    stream.#survey = surveyor.finish(null);
    return stream;
  }

  get epoch(): bigint {
    return this.#survey.epoch;
  }

  /** What the file has told of itself up to now. */
  get meta(): Readonly<Partial<CaptureMeta>> {
    return this.#meta;
  }

  answers(fields: readonly Field[]): boolean {
    return !fields.some(looksAhead);
  }

  read({ filter, range, fields, dns }: Question, onMatch: (match: Match) => boolean): Promise<Outcome> {
    const matcher = new Matcher(filter, range);
    const http2 = fields.some((field) => needs(field, 'connection events')) ? filter.view.capture.http2 : undefined;
    return this.chunks({ dns, sizes: fields.some((field) => needs(field, 'thread sizes')) }, (chunk) => {
      http2?.pass?.(chunk);
      const match = matcher.next(chunk);
      return match === null || onMatch(match);
    });
  }

  /** All its events. Calls that never return come last. */
  async chunks({ dns, sizes }: ChunkOptions, onChunk: OnChunk): Promise<Outcome> {
    const index = dns ? new (await import('../dns/index.ts')).DnsIndex(this.dims) : null;
    const reader = new ScapReader(
      this.dims,
      { ...this.#survey, pending: null },
      (chunk) => {
        this.#meta = { source: 'scap', hostname: reader.machine.hostname };
        index?.add(chunk);
        if (!onChunk(chunk)) throw new Enough();
      },
      { sizes },
    );
    try {
      const cut = await withQuickCode(this.#file, () => eachPiece(this.#all(), (piece) => reader.push(piece)));
      reader.finish();
      return outcomeOf(cut ?? this.#cut ?? reader.cut, reader.leftOut);
    } catch (error) {
      if (error instanceof Enough) return outcomeOf(null, reader.leftOut);
      throw error;
    } finally {
      await this.#source.return(undefined);
    }
  }

  close(): void {
    void this.#source.return(undefined);
  }

  /** Pieces of the file for as long as they are wanted; the next call goes on. */
  async *#pieces(wanted: () => boolean): AsyncGenerator<Uint8Array> {
    while (wanted()) {
      const { done, value } = await this.#source.next();
      if (done === true) return;
      yield value;
    }
  }

  async *#all(): AsyncGenerator<Uint8Array> {
    yield* this.#begin.splice(0);
    yield* this.#pieces(() => true);
  }
}
