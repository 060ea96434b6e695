/** `live --store`: what is recorded goes to a store as well, sent by a process of its own, so that the screen never waits for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { withStore } from '../cluster/open.ts';
import { say } from '../output/stderr.ts';
import type { Recorder } from './live-recorder.ts';
import { NO_DEBUGGER } from './no-debugger.ts';

/** Throws CaptureError before anything is recorded, where the store does not answer or has no tables. */
export const requireStore = (store: string): Promise<void> => withStore(store, async () => {});

export class Sending {
  #said = '';
  readonly #sender: Promise<ChildProcess>;
  readonly #ended: Promise<number>;

  constructor(recorder: Recorder, path: string, store: string) {
    this.#sender = recorder.capture().then((capture) => {
      capture.close();
      const words = [NO_DEBUGGER, process.argv[1]!, 'push', path, store, '--follow'];
      const sender = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
      sender.on('error', ({ message }) => {
        this.#said += message;
      });
      sender.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
      return sender;
    });
    this.#ended = this.#sender.then(
      (sender) => new Promise<number>((resolve) => sender.once('close', (code) => resolve(code ?? 1)).once('error', () => resolve(1))),
      () => 0, // nothing was recorded, which others say
    );
  }

  /** Waits until all is sent, after the recording has ended; says what was not. */
  async end(): Promise<void> {
    if ((await this.#ended) !== 0) say(this.#said.trim().split('\n').at(-1) ?? '');
  }
}
