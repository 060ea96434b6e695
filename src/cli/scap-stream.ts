/** A .scap file as chunks, without a capture in between. */
import type { CaptureContext } from '../event/view.ts';
import type { Chunk } from '../model/chunk.ts';
import { type DimensionTables, newTables } from '../model/rows.ts';
import { ScapReader } from '../scap/reader.ts';
import { eventNames } from '../scap/schema.ts';
import { eachPiece, pieces } from '../scap/source.ts';
import { type Survey, Surveyor } from '../scap/survey.ts';
import { definitions } from './definitions.ts';
import { outcomeOf, type ScapOutcome } from './scap-outcome.ts';

/** So many events tell of what kind a file is. */
const ENOUGH_EVENTS = 1000;
/** Bytes that are looked at before asking whether that is enough. */
const LOOK = 1 << 18;

export interface StreamOptions {
  /** DNS messages are looked for. */
  readonly dns: boolean;
  /** Threads' sizes are kept. */
  readonly sizes: boolean;
}

/** False: that is enough. */
export type OnChunk = (chunk: Chunk) => boolean;

class Enough extends Error {}

export class ScapStream {
  readonly #source: AsyncGenerator<Uint8Array>;
  /** What of it has been looked at already. */
  readonly #begin: Uint8Array[] = [];
  readonly #tables: DimensionTables = newTables();
  #survey: Pick<Survey, 'exitOnly' | 'epoch'> = { exitOnly: false, epoch: 0n };
  /** Why the file ended while its beginning was looked at; null: it did not. */
  #cut: string | null = null;
  #hostname = '';

  private constructor(path: string) {
    this.#source = pieces(path);
  }

  /** Reads as far as it takes to know what the file is like. */
  static async open(path: string): Promise<ScapStream> {
    const stream = new ScapStream(path);
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

  /** For a filter. Its rows come with the events. */
  get context(): CaptureContext {
    const hostname = () => this.#hostname;
    return {
      dims: this.#tables,
      epoch: this.#survey.epoch,
      get hostname() {
        return hostname();
      },
      growing: true,
      typeNames: eventNames(),
      definitions: definitions(),
    };
  }

  /** Gives why reading ended before the file did, and what was too much of it. Calls that never return come last. */
  async read({ dns, sizes }: StreamOptions, onChunk: OnChunk): Promise<ScapOutcome> {
    const index = dns ? new (await import('../dns/index.ts')).DnsIndex(this.#tables) : null;
    const reader = new ScapReader(
      this.#tables,
      { ...this.#survey, pending: null },
      (chunk) => {
        this.#hostname = reader.machine.hostname;
        index?.add(chunk);
        if (!onChunk(chunk)) throw new Enough();
      },
      { sizes },
    );
    try {
      const cut = await eachPiece(this.#all(), (piece) => reader.push(piece));
      reader.finish();
      return outcomeOf(cut ?? this.#cut ?? reader.cut, reader.leftOut);
    } catch (error) {
      if (error instanceof Enough) return outcomeOf(null, reader.leftOut);
      throw error;
    } finally {
      await this.#source.return(undefined);
    }
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
