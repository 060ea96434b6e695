/**
 * The spool: a collector writes captures into a folder, and this sends those that are finished to the store, one after the other, and
 * deletes what the store has. While the store is away they stay. What was there when the collector began is sent as well.
 */
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Pushed } from './push.ts';

/** What was left is no capture: its collector was killed before it was one, or something else wrote there. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

/** Sends one capture. `fresh`: nobody has tried to send it. Throws where the store did not take all of it, UnreadableFile where it never can. */
export type Send = (path: string, fresh: boolean) => Promise<Pushed>;

export interface SpoolEvents {
  /** The store has it. */
  readonly sent: (path: string, pushed: Pushed) => void;
  /** It stays in the folder; said once, until something is sent again. */
  readonly waits: (error: Error) => void;
  /** It is no capture, and was set aside. */
  readonly unreadable: (path: string, error: Error) => void;
  /** It was deleted unsent, since the folder was full. */
  readonly dropped: (path: string) => void;
}

const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

export class Spool {
  readonly folder: string;
  readonly #send: Send;
  readonly #events: SpoolEvents;
  readonly #most: number;
  readonly #queue: string[];
  readonly #tried = new Set<string>();
  #ended = false;
  #away = false;
  #wake: () => void = () => {};
  readonly #work: Promise<void>;

  /** `most`: bytes of finished captures that are kept; the oldest go first. */
  constructor(folder: string, most: number, send: Send, events: SpoolEvents) {
    this.folder = folder;
    this.#send = send;
    this.#events = events;
    this.#most = most;
    this.#queue = leftIn(folder);
    for (const path of this.#queue) this.#tried.add(path);
    this.#work = this.#run();
  }

  /** Captures that wait to be sent. */
  get waiting(): readonly string[] {
    return this.#queue;
  }

  /** A capture is finished. */
  add(path: string): void {
    this.#queue.push(path);
    this.#limit();
    this.#wake();
  }

  /** Sends what is left as far as the store takes it; the rest stays in the folder. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#wake();
    await this.#work;
  }

  async #run(): Promise<void> {
    let pause = RETRY_MS;
    for (;;) {
      const path = this.#queue[0];
      if (path === undefined && this.#ended) return;
      if (path === undefined) await this.#pause(LONGEST_RETRY_MS);
      else if (await this.#one(path)) pause = RETRY_MS;
      else if (this.#ended) return;
      else {
        await this.#pause(pause);
        pause = Math.min(LONGEST_RETRY_MS, pause * 2);
      }
    }
  }

  async #one(path: string): Promise<boolean> {
    const fresh = !this.#tried.has(path);
    this.#tried.add(path);
    try {
      const pushed = await this.#send(path, fresh);
      this.#away = false;
      this.#forget(path);
      this.#events.sent(path, pushed);
      return true;
    } catch (error) {
      if (error instanceof UnreadableFile) {
        this.#setAside(path);
        this.#events.unreadable(path, error);
        return true;
      }
      if (!this.#away) this.#events.waits(error as Error);
      this.#away = true;
      return false;
    }
  }

  /** Under another name it holds up nothing, and can still be looked at. */
  #setAside(path: string): void {
    renameSync(path, `${path}.unreadable`);
    this.#forget(path);
  }

  #forget(path: string): void {
    const at = this.#queue.indexOf(path);
    if (at >= 0) this.#queue.splice(at, 1);
    this.#tried.delete(path);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
  }

  /** The first may be on its way: it stays. */
  #limit(): void {
    const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    let total = this.#queue.reduce((sum, path) => sum + size(path), 0);
    while (total > this.#most && this.#queue.length > 2) {
      const oldest = this.#queue[1]!;
      total -= size(oldest);
      this.#events.dropped(oldest);
      this.#forget(oldest);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
      this.#wake = done;
    });
  }
}

/** What an earlier collector left, in the order in which it was begun. */
function leftIn(folder: string): string[] {
  const paths = readdirSync(folder)
    .filter((name) => name.endsWith('.trowel'))
    .map((name) => join(folder, name));
  return paths.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
}
