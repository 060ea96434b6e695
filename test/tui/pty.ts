/** Runs trowel in a real pseudo-terminal and sees what a terminal would show. Waits for what is to be seen; never sleeps. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import xterm from '@xterm/headless';
import { buildSync } from 'esbuild';
import type { IPty } from 'node-pty';

const ROOT = resolve(import.meta.dirname, '../..');
/** Each of the files that run at once builds into a folder of its own. */
const OUT = join(ROOT, `node_modules/.trowel-test/${process.env.VITEST_POOL_ID ?? 'alone'}`);
const PATIENCE_MS = 30_000;
/** As in bin/trowel. */
const NODE_OPTIONS = ['--min-semi-space-size=16'];

/** Null where tests can run in a pseudo-terminal; else why not. */
export const noPty = existsSync(join(ROOT, 'node_modules/node-pty/build/Release/pty.node'))
  ? null
  : 'node-pty is not compiled: run scripts/setup-pty';

let bundled = false;

/** The program as the sources are now, bundled once for a file of tests. */
export function trowelScript(): string {
  if (!bundled) execFileSync(process.execPath, ['scripts/bundle.mjs', OUT], { cwd: ROOT });
  bundled = true;
  return join(OUT, 'trowel.js');
}

/** A script of the tests, bundled so that Node runs it. */
export function testScript(path: string): string {
  const script = join(OUT, `${basename(path, '.ts')}.mjs`);
  buildSync({
    entryPoints: [join(ROOT, path)],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  return script;
}

export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A command line of the shell instead of trowel; `$TROWEL` stands for trowel. */
  readonly shell?: string;
}

/** What a terminal was told beside what it shows. */
export interface Told {
  readonly titles: string[];
  readonly clipboard: string[];
  bells: number;
}

/** Cells beside each other with the same look; colours as of a terminal's first eight, -1: its own. */
export interface Run {
  readonly x: number;
  readonly text: string;
  readonly colour: number;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly inverse: boolean;
  readonly underline: boolean;
}

function runsOf(line: xterm.IBufferLine | undefined, columns: number): Run[] {
  const runs: Run[] = [];
  for (let x = 0; x < columns; x++) {
    const cell = line?.getCell(x);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const look = {
      colour: cell.isFgDefault() ? -1 : cell.getFgColor(),
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      inverse: cell.isInverse() !== 0,
      underline: cell.isUnderline() !== 0,
    };
    const last = runs.at(-1);
    const text = cell.getChars() || ' ';
    if (last !== undefined && (Object.keys(look) as (keyof typeof look)[]).every((key) => last[key] === look[key]))
      runs[runs.length - 1] = { ...last, text: last.text + text };
    else runs.push({ x, text, ...look });
  }
  return runs;
}

const running = new Set<Pty>();

/** Ends whatever a test left running. */
export function endAll(): void {
  for (const pty of running) pty.kill('SIGKILL');
}

export class Pty {
  readonly told: Told = { titles: [], clipboard: [], bells: 0 };
  /** Everything that was written to the terminal. */
  raw = '';
  readonly exit: Promise<number>;
  readonly #process: IPty;
  readonly #terminal: xterm.Terminal;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], { columns = 100, rows = 30, env = {}, cwd = ROOT, shell }: PtyOptions = {}) {
    const { spawn } = createRequire(import.meta.url)('node-pty') as typeof import('node-pty');
    const script = trowelScript();
    const command: [string, string[]] =
      shell === undefined ? [process.execPath, [...NODE_OPTIONS, script, ...args]] : ['/bin/sh', ['-c', shell]];
    const home = mkdtempSync(join(tmpdir(), 'trowel-home-'));
    const { NO_COLOR: _, CI: __, ...inherited } = process.env as Record<string, string>;
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#listen();
    this.#process = spawn(command[0], command[1], {
      cols: columns,
      rows,
      name: 'xterm-256color',
      cwd,
      env: { ...inherited, TERM: 'xterm-256color', XDG_STATE_HOME: home, TROWEL: `${process.execPath} ${script}`, ...env },
    });
    this.#process.onData((data) => {
      this.raw += data;
      this.#terminal.write(data, () => this.#changed());
    });
    this.exit = new Promise((done) =>
      this.#process.onExit(({ exitCode }) => {
        running.delete(this);
        rmSync(home, { recursive: true, force: true });
        this.#terminal.write('', () => done(exitCode));
      }),
    );
    running.add(this);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The device itself, for what others write to it. */
  get tty(): string {
    return readlinkSync(`/proc/${this.pid}/fd/1`);
  }

  type(keys: string): void {
    this.#process.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#process.resize(columns, rows);
  }

  kill(signal: string): void {
    this.#process.kill(signal);
  }

  /** The lines of the screen, without blanks at their ends. */
  get lines(): string[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, y) => active.getLine(active.viewportY + y)?.translateToString(true) ?? '');
  }

  /** The screen's lines as runs of cells that look the same. */
  get runs(): Run[][] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#terminal.rows }, (_, y) => runsOf(active.getLine(active.viewportY + y), this.#terminal.cols));
  }

  get screen(): string {
    return this.lines.join('\n');
  }

  get alternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate';
  }

  get cursor(): { x: number; y: number } {
    const { cursorX: x, cursorY: y } = this.#terminal.buffer.active;
    return { x, y };
  }

  /** The line of the list that is selected; empty: none. */
  get selected(): string {
    return this.lines.find((line) => line.startsWith('▸')) ?? '';
  }

  /** Resolves when the screen has the text, or is as the test says; else fails with what is seen. */
  async until(wanted: string | RegExp | ((screen: string) => boolean)): Promise<void> {
    const seen = () =>
      typeof wanted === 'string' ? this.screen.includes(wanted) : wanted instanceof RegExp ? wanted.test(this.screen) : wanted(this.screen);
    if (seen()) return;
    await new Promise<void>((done, fail) => {
      const finish = (end: () => void) => {
        clearTimeout(patience);
        this.#watchers.delete(look);
        end();
      };
      const look = () => {
        if (seen()) finish(done);
      };
      const patience = setTimeout(() => finish(() => fail(new Error(`waited for ${wanted}, saw:\n${this.screen}`))), PATIENCE_MS);
      this.#watchers.add(look);
    });
  }

  /** Half a frame is not looked at: the program says where each begins and ends (DEC mode 2026). */
  #changed(): void {
    if (this.raw.lastIndexOf('\x1b[?2026h') > this.raw.lastIndexOf('\x1b[?2026l')) return;
    for (const look of [...this.#watchers]) look();
  }

  #listen(): void {
    this.#terminal.onTitleChange((title) => this.told.titles.push(title));
    this.#terminal.onBell(() => this.told.bells++);
    this.#terminal.parser.registerOscHandler(52, (data) => {
      this.told.clipboard.push(Buffer.from(data.slice(data.indexOf(';') + 1), 'base64').toString());
      return true;
    });
  }
}
