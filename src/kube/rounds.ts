/** Asks somebody again and again, sooner when something has happened there, and remembers since when nobody answers. */

/** While nothing tells of what happens, and while something does. */
const EVERY_MS = 1000;
const LISTENING_MS = 10_000;
/** What happened is in the lists a moment later. */
const SOON_MS = 20;
const SETTLED_MS = 500;

interface Silence {
  readonly since: number;
  readonly why: string;
  until: number | null;
}

export class Rounds {
  readonly #name: string;
  readonly #ask: () => Promise<void>;
  readonly #isListening: () => boolean;
  #timer: NodeJS.Timeout | null = null;
  #due = 0;
  #asking = false;
  #hinted = false;
  #stopped = false;
  #silence: Silence | null = null;

  /** `name`: of who is asked. `ask`: one round. `isListening`: whether `soon` is called when something happens. */
  constructor(name: string, ask: () => Promise<void>, isListening: () => boolean) {
    this.#name = name;
    this.#ask = ask;
    this.#isListening = isListening;
  }

  start(): void {
    void this.#round();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Something happened. */
  soon(): void {
    this.#hinted = true;
    this.#later(SOON_MS);
  }

  /** What is wrong, or was, in words; null: nothing. */
  get trouble(): string | null {
    if (this.#silence === null) return null;
    const { since, until, why } = this.#silence;
    return until === null
      ? `${this.#name} silent since ${clock(since)}: ${why}`
      : `${this.#name} was silent from ${clock(since)} to ${clock(until)}`;
  }

  async #round(): Promise<void> {
    if (this.#asking) return this.#later(SOON_MS);
    this.#asking = true;
    const hinted = this.#hinted;
    this.#hinted = false;
    try {
      await this.#ask();
      if (this.#silence !== null) this.#silence.until ??= Date.now();
    } catch (error) {
      if (this.#isAnswered && !this.#stopped) this.#silence = { since: Date.now(), why: (error as Error).message, until: null };
    }
    this.#asking = false;
    this.#later(hinted ? SETTLED_MS : this.#isListening() && this.#isAnswered ? LISTENING_MS : EVERY_MS);
  }

  get #isAnswered(): boolean {
    return this.#silence?.until !== null;
  }

  /** Brings the next round forward, never back. */
  #later(ms: number): void {
    const due = Date.now() + ms;
    if (this.#stopped || (this.#timer !== null && this.#due <= due)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#round();
    }, ms);
    this.#timer.unref();
  }
}

const clock = (ms: number) => new Date(ms).toISOString().slice(11, 19);
