/** `collect --store`: recordings go into a store by way of a folder, so that what the store does not take yet is on disk and not in memory. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CaptureError } from '../capture/error.ts';
import { storeAddress } from '../cluster/address.ts';
import { withStore } from '../cluster/open.ts';
import { push } from '../cluster/push.ts';
import { Spool, UnreadableFile } from '../cluster/spool.ts';
import type { SegmentState, Segments } from '../collector/segments.ts';
import { SECOND } from '../model/time.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { openQuietly } from './open-capture.ts';

/** A file is sent when it is as old, or as large. */
const SPAN = 10 * SECOND;
const BYTES = 64e6;

/** A folder for this collector alone, since what is sent from it is deleted. Throws UsageError where another works in it. */
export function spoolFolder(parent: string): string {
  const folder = join(parent, 'trowel-spool');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = join(folder, 'pid');
  const owner = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : 0);
  if (owner > 0 && owner !== process.pid && existsSync(`/proc/${owner}`))
    throw new UsageError(`process ${owner} sends from ${folder}: give each collector a -w FOLDER of its own`);
  writeFileSync(lock, `${process.pid}`);
  process.on('exit', () => rmSync(lock, { force: true }));
  return folder;
}

/** Sends what is finished in a folder. Says where the store does not answer yet, or has no tables. Throws CaptureError for what is no store. */
export function spoolInto(store: string, folder: string, most: number): Spool {
  const { name } = storeAddress(store); // without the password
  let [events, files] = [0, 0];
  withStore(store, async () => {}).catch(({ message }: Error) => say(`${message}; until then recordings wait in ${folder}`));
  return new Spool(folder, most, (path, fresh) => sendOne(store, path, fresh), {
    sent: (_, pushed) => {
      events += pushed.stored;
      files++;
      if (files === 1) say(`${sanitize(name)}: takes events`);
    },
    waits: (error) => say(`${error.message}; ${events} events are stored, the rest waits in ${folder}`),
    unreadable: (path, { message }) => say(`${message}; it stays as ${path}.unreadable`),
    dropped: (path) => say(`${path}: deleted unsent, ${folder} is full: its events are lost`),
  });
}

async function sendOne(store: string, path: string, fresh: boolean) {
  return withStore(store, async (client) => {
    const capture = await openQuietly(path).catch((error: Error) => {
      throw error instanceof CaptureError ? new UnreadableFile(error.message) : error;
    });
    try {
      return await push(capture, contextOf(capture), client, { fresh });
    } finally {
      capture.close();
    }
  });
}

/** The files of one recording: each that is finished is sent. */
export class StoredSegments implements Segments {
  readonly maxEvents = Infinity;
  readonly #spool: Spool;
  #first = '';
  #current = '';
  #number = 1;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** The recording begins, in this file. */
  begin(first: string): void {
    this.#first = first;
    this.#current = first;
  }

  isFull({ events, bytes, from, to }: SegmentState): boolean {
    return events > 0 && (bytes >= BYTES || to - from >= SPAN);
  }

  next(): string {
    this.#spool.add(this.#current);
    this.#current = join(dirname(this.#first), `${basename(this.#first, '.trowel')}.${++this.#number}.trowel`);
    return this.#current;
  }

  /** The recording is over, and its last file closed. */
  end(): void {
    if (this.#current !== '') this.#spool.add(this.#current);
  }
}
