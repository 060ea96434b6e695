/** Opens the screen on a capture and gives it back when the user has seen enough. Ink is loaded with this file, and only with it. */
import { type Instance, render } from 'ink';
import type { Capture } from '../capture/capture.ts';
import type { CaptureContext } from '../event/view.ts';
import type { Counting } from './data/counting.ts';
import { readHistory, rememberFilter } from './data/history.ts';
import type { TableReader } from './data/table-reader.ts';
import { copyText } from './kit/clipboard.ts';
import { INK_OPTIONS } from './kit/ink-options.ts';
import type { Keystroke } from './kit/keystrokes.ts';
import { type Paint, painter } from './kit/paint.ts';
import { Terminal } from './kit/terminal.ts';
import { Screen } from './screen.tsx';
import { Session } from './session.ts';

export interface ScreenOptions {
  readonly capture: Capture;
  readonly context: CaptureContext;
  /** As the header shows it. */
  readonly file: string;
  readonly filter: string;
  /** Stay at the end of what is being recorded. */
  readonly follow: boolean;
  /** Following stops at the first event that this filter lets through; absent: it does not stop by itself. */
  readonly on?: string;
  /** The screen that is shown first; null: the findings where there are any, else the events; absent: the events. */
  readonly first?: string | null;
  readonly colour: boolean;
  /** The recording is nowhere else: leaving asks whether it is kept. */
  readonly unsaved?: boolean;
  /** Reads the rows of screens beside the thread that draws. */
  readonly tables: TableReader;
  readonly counting: Counting;
  /** Resolves to words that the screen shows, when what feeds the capture has failed. */
  readonly trouble?: Promise<string>;
}

/** How a screen was left: `code` 0, or 128 and the number of the signal that ended it; `keep`: the user wants the recording kept. */
export interface Left {
  readonly code: number;
  readonly keep: boolean;
}

/** Shows the screen until the user leaves it. Rejects with what went wrong. */
export async function openScreen(options: ScreenOptions): Promise<Left> {
  const screen = new OpenScreen(options);
  try {
    return { code: await screen.run(), keep: screen.keeps };
  } finally {
    screen.close();
  }
}

/** A process that is still running so long after it was to stop is not stopped. */
const STOPPED_MS = 500;

class OpenScreen {
  readonly #terminal = new Terminal({
    keys: (keys) => this.#type(keys),
    ended: (code) => this.#ended.resolve(code),
    stopped: () => this.#suspend(),
  });
  readonly #session: Session;
  readonly #options: ScreenOptions;
  readonly #ended = Promise.withResolvers<number>();
  readonly #paint: Paint;
  #ink: Instance | null = null;
  #keep = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#paint = painter(options.colour);
    const world = {
      copy: (text: string) => copyText(text, (copied) => this.#terminal.copy(copied)),
      redraw: () => this.#redraw(),
      suspend: () => this.#suspend(),
      quit: (keep: boolean) => {
        this.#keep = keep;
        this.#ended.resolve(0);
      },
      remember: rememberFilter,
    };
    this.#session = new Session({ ...options, size: this.#terminal.size, history: readHistory(), world });
  }

  get keeps(): boolean {
    return this.#keep;
  }

  async run(): Promise<number> {
    process.stdout.on('resize', this.#resize);
    process.on('uncaughtException', this.#ended.reject);
    this.#terminal.open();
    this.#draw();
    void this.#options.trouble?.then((text) => this.#session.dispatch({ kind: 'notice', notice: { kind: 'problem', text } }));
    return this.#ended.promise;
  }

  close(): void {
    this.#session.close();
    this.#ink?.unmount();
    this.#terminal.close();
    process.stdout.off('resize', this.#resize);
    process.off('uncaughtException', this.#ended.reject);
  }

  #draw(): void {
    this.#ink = render(<Screen session={this.#session} paint={this.#paint} />, INK_OPTIONS);
    this.#ink.waitUntilExit().catch(this.#ended.reject);
  }

  #type(keys: readonly Keystroke[]): void {
    for (const key of keys) this.#session.dispatch(key);
  }

  /** For a screen that something else has written on. */
  #redraw(): void {
    this.#ink?.unmount();
    this.#terminal.clear();
    this.#draw();
  }

  /**
   * Back to the shell, until it lets us go on. The timer keeps the process alive, which has no keyboard meanwhile; it goes by only
   * where we run, after the shell has let us, or where there is no shell that could stop us.
   */
  #suspend(): void {
    this.#ink?.unmount();
    this.#terminal.close();
    const alive = setTimeout(() => resume(), STOPPED_MS);
    const resume = () => {
      clearTimeout(alive);
      process.off('SIGCONT', resume);
      this.#terminal.open();
      this.#draw();
      this.#resize();
    };
    process.on('SIGCONT', resume);
    process.kill(process.pid, 'SIGTSTP');
  }

  readonly #resize = (): void => this.#session.dispatch({ kind: 'resize', size: this.#terminal.size });
}
