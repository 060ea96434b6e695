/** Polls a source of names, sooner after a hint that something happened there, and knows since when it does not answer. */
import { steadyNow } from '../model/steady.ts';

/** Without a stream of events, and with one. */
const EVERY_MS = 1000;
const LISTENING_MS = 10_000;
/** After a hint: the lists have what happened a moment later. */
const SOON_MS = 20;
const SETTLED_MS = 500;

/** What has not answered for so long is slow, or will not answer: names are missing meanwhile. */
const SLOW_MS = 2000;

interface Silence {
  readonly since: number;
  readonly why: string;
  until: number | null;
}

export class Poller {
  readonly #name: string;
  readonly #poll: () => Promise<void>;
  readonly #isListening: () => boolean;
  #timer: NodeJS.Timeout | null = null;
  #due = 0;
  #polling = false;
  #hinted = false;
  #stopped = false;
  #silence: Silence | null = null;
  /** When the question was asked that waits for its answer, ms; null: none does. */
  #asked: number | null = null;

  /** `name`: of the source. `poll`: asks it once. `isListening`: whether `hint` is called when something happens. */
  constructor(name: string, poll: () => Promise<void>, isListening: () => boolean) {
    this.#name = name;
    this.#poll = poll;
    this.#isListening = isListening;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Something happened. */
  hint(): void {
    this.#hinted = true;
    this.#later(SOON_MS);
  }

  /** What is wrong, or was, in words; null: nothing. */
  get sourceError(): string | null {
    if (this.#asked !== null && this.#isAnswered && steadyNow() - this.#asked >= SLOW_MS)
      return `${this.#name} has not answered since ${clock(this.#asked)}`;
    if (this.#silence === null) return null;
    const { since, until, why } = this.#silence;
    return until === null
      ? `${this.#name} silent since ${clock(since)}: ${why}`
      : `${this.#name} was silent from ${clock(since)} to ${clock(until)}`;
  }

  async #run(): Promise<void> {
    if (this.#polling) return this.#later(SOON_MS);
    this.#polling = true;
    const hinted = this.#hinted;
    this.#hinted = false;
    const asked = steadyNow();
    this.#asked = asked;
    try {
      await this.#poll();
      if (this.#silence !== null) this.#silence.until ??= steadyNow();
    } catch (error) {
      if (this.#isAnswered && !this.#stopped) this.#silence = { since: asked, why: (error as Error).message, until: null };
    }
    if (!this.#stopped) this.#asked = null; // what was not answered by the end never was
    this.#polling = false;
    this.#later(hinted ? SETTLED_MS : this.#isListening() && this.#isAnswered ? LISTENING_MS : EVERY_MS);
  }

  get #isAnswered(): boolean {
    return this.#silence?.until !== null;
  }

  /** Brings the next poll forward, never back. */
  #later(ms: number): void {
    const due = steadyNow() + ms;
    if (this.#stopped || (this.#timer !== null && this.#due <= due)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#run();
    }, ms);
    this.#timer.unref();
  }
}

const clock = (ms: number) => new Date(ms).toISOString().slice(11, 19);
