/** A .scap file as chunks, without a capture in between. */
import type { CaptureContext } from '../filter/view.ts';
import type { Chunk } from '../model/chunk.ts';
import { type DimensionTables, newTables } from '../model/rows.ts';
import { ScapDamage } from '../scap/blocks.ts';
import { ScapReader } from '../scap/reader.ts';
import { eventNames } from '../scap/schema.ts';
import { pieces } from '../scap/source.ts';
import { type Survey, Surveyor } from '../scap/survey.ts';
import { definitions } from './definitions.ts';
import type { ScapOutcome } from './scap-outcome.ts';

/** So many events tell of what kind a file is. */
const ENOUGH_EVENTS = 1000;

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
  readonly #path: string;
  readonly #tables: DimensionTables = newTables();
  #survey: Pick<Survey, 'exitOnly' | 'epoch'> = { exitOnly: false, epoch: 0n };
  #hostname = '';

  private constructor(path: string) {
    this.#path = path;
  }

  /** Reads as far as it takes to know what the file is like. */
  static async open(path: string): Promise<ScapStream> {
    const stream = new ScapStream(path);
    const surveyor = new Surveyor();
    await eachPiece(path, (piece) => {
      surveyor.push(piece);
      return surveyor.events < ENOUGH_EVENTS;
    });
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
      const cut = await eachPiece(this.#path, (piece) => {
        reader.push(piece);
        return true;
      });
      reader.finish();
      return { cut: cut ?? reader.cut, leftOut: reader.leftOut };
    } catch (error) {
      if (error instanceof Enough) return { cut: null, leftOut: reader.leftOut };
      throw error;
    }
  }
}

/** Feeds a file to `work` until it has enough. Gives why the file ended early, or null. */
async function eachPiece(path: string, work: (piece: Uint8Array) => boolean): Promise<string | null> {
  try {
    for await (const piece of pieces(path)) if (!work(piece)) break;
    return null;
  } catch (error) {
    if (error instanceof ScapDamage) return error.message;
    throw error;
  }
}
