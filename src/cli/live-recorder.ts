/** A recording that somebody looks at while it grows, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CaptureError } from '../capture/error.ts';
import { steadyNow } from '../model/steady.ts';
import { CaptureReader } from '../store/reader.ts';
import { EXIT, Exit } from './exit.ts';
import { RECORDER_FLAGS } from './memory.ts';

const READY_MS = 15_000;
const LOOK_MS = 50;
/** How long the recorder may take to write what it has. */
const END_MS = 15_000;

/** It ends when its standard input does, hence also when this process is killed. */
export class Recorder {
  readonly #path: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<number>;
  #ending = false;
  #said = '';
  /** Words about its end, if it ends before it is asked to. */
  readonly failure: Promise<string>;

  /** `more`: further words for `record`. */
  constructor(path: string, only: string, more: readonly string[] = []) {
    this.#path = path;
    const words = ['record', '-w', path, '--exclude-pid', String(process.pid), ...more, ...(only === '' ? [] : [only]), '--', 'cat'];
    this.#process = spawn(process.execPath, [...RECORDER_FLAGS, process.argv[1]!, ...words], {
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    this.#exited = new Promise((done) => {
      this.#process.on('exit', (code) => done(code ?? EXIT.FAILED));
      this.#process.on('error', ({ message }) => {
        this.#said += message; // it could not be started, or not be ended
        done(EXIT.FAILED);
      });
    });
    this.failure = new Promise((tell) => {
      void this.#exited.then((code) => {
        if (!this.#ending) tell(this.#message(code));
      });
    });
  }

  /** Its capture, as soon as there is one. Throws Exit with what the recorder said when there will be none. */
  async capture(): Promise<CaptureReader> {
    const patience = steadyNow() + READY_MS;
    while (steadyNow() < patience) {
      const code = await Promise.race([this.#exited, timeout(LOOK_MS)]);
      const capture = this.#openCapture();
      if (capture !== null) return capture;
      if (code !== null) throw new Exit(code === EXIT.OK ? EXIT.FAILED : code, this.#message(code));
    }
    throw new Exit(EXIT.FAILED, `the recording did not begin within ${READY_MS / 1000} s`);
  }

  /** Once is enough, twice does no harm. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#process.stdin?.end();
    if ((await Promise.race([this.#exited, timeout(END_MS)])) === null) this.#process.kill('SIGKILL');
  }

  /** Null while it is not there, or not yet all there. */
  #openCapture(): CaptureReader | null {
    if (!existsSync(this.#path)) return null;
    try {
      const capture = new CaptureReader(this.#path);
      if (capture.meta.epoch !== undefined) return capture;
      capture.close();
    } catch (error) {
      const unfinished = error instanceof CaptureError || (error as { code?: string }).code === 'SQLITE_ERROR';
      if (!unfinished) throw error;
    }
    return null;
  }

  #message(code: number): string {
    const said = this.#said.trim().replace(/^trowel: /, '');
    return said === '' ? `the recording ended with ${code}` : said;
  }
}

function timeout(ms: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), ms).unref();
  });
}
