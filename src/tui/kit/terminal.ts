/** The terminal itself: raw keys, its size, its clipboard, and that it is left as it was found. */
import { writeSync } from 'node:fs';
import { KeyDecoder, type Keystroke } from './keystrokes.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The alternate screen, the cursor at its top where Ink begins, and pastes told apart from typing. */
const ENTER = '\x1b[?1049h\x1b[H\x1b[?2004h';
/** Ends a frame, colours, pastes and the alternate screen, and shows the cursor: harmless where none of that was on. */
const LEAVE = '\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?1049l\x1b[?25h';
/** How long an escape character may be the beginning of something. */
const ESCAPE_MS = 40;
export const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

export interface TerminalEvents {
  keys(keys: readonly Keystroke[]): void;
  /** A signal asks us to end, or nobody will ever type here again: with the exit code that says so. */
  ended(code: number): void;
  /** Somebody asks us to stop (SIGTSTP) and to hand the terminal back meanwhile. */
  stopped(): void;
}

/** Signals that end the screen as `q` does, and 128 and their number. */
const ENDING = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;
const SIGNALS = Object.keys(ENDING) as (keyof typeof ENDING)[];

export class Terminal {
  readonly #input = process.stdin;
  readonly #output = process.stdout;
  readonly #decoder = new KeyDecoder();
  readonly #on: TerminalEvents;
  #escape: NodeJS.Timeout | null = null;
  #open = false;

  constructor(on: TerminalEvents) {
    this.#on = on;
  }

  /** The terminal's size; some say 0×0 for a while, and then the usual size is as good a guess as any. */
  get size(): Size {
    const { columns, rows } = this.#output;
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  }

  /** Takes keyboard and screen. */
  open(): void {
    this.#open = true;
    this.#input.setEncoding('utf8');
    this.#input.setRawMode(true);
    this.#input.on('data', this.#read);
    this.#input.on('end', this.#hungUp);
    for (const signal of SIGNALS) process.on(signal, this.#signalled);
    process.on('SIGTSTP', this.#stopped);
    this.#input.resume();
    Object.assign(this.#output, this.size); // for Ink, which would make a guess of its own at a size of 0×0
    this.#output.write(ENTER);
    process.on('exit', this.#restore);
  }

  /** Hands keyboard and screen back, after Ink has drawn its last. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#escape !== null) clearTimeout(this.#escape);
    this.#input.off('data', this.#read);
    this.#input.off('end', this.#hungUp);
    for (const signal of SIGNALS) process.off(signal, this.#signalled);
    process.off('SIGTSTP', this.#stopped);
    if (!this.#input.destroyed) this.#input.setRawMode(false);
    this.#input.pause();
    this.#output.write(LEAVE);
    process.off('exit', this.#restore);
  }

  /** Wipes the screen, whoever wrote on it. */
  clear(): void {
    this.#output.write('\x1b[0m\x1b[2J\x1b[H');
  }

  /** Puts a text on the terminal's clipboard, also through ssh (OSC 52). The caller has made it harmless. */
  copy(text: string): void {
    this.#output.write(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`);
  }

  readonly #read = (chunk: string): void => {
    if (this.#escape !== null) clearTimeout(this.#escape);
    this.#escape = null;
    this.#on.keys(this.#decoder.push(chunk));
    if (this.#decoder.waiting) this.#escape = setTimeout(() => this.#on.keys(this.#decoder.flush()), ESCAPE_MS);
  };

  readonly #hungUp = (): void => this.#on.ended(ENDING.SIGHUP);

  readonly #stopped = (): void => this.#on.stopped();

  readonly #signalled = (signal: NodeJS.Signals): void => this.#on.ended(ENDING[signal as keyof typeof ENDING]);

  /** The last resort, when the process ends in some other way than by `close`. */
  readonly #restore = (): void => {
    if (!this.#open) return;
    if (!this.#input.destroyed) this.#input.setRawMode(false);
    try {
      writeSync(this.#output.fd, LEAVE);
    } catch {
      // the terminal is gone, and with it what there was to restore
    }
  };
}
