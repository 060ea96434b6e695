/** Who looks at the node while a recording runs. It takes privileges that nothing else of a recording takes: docs/privileges.md. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Snapshot } from '../node/read.ts';
import type { NodeWatch } from '../node/worker.ts';

/** Whom it is told. */
export interface LookListener {
  seen(snapshot: Snapshot): void;
  /** There are no more looks, and why. */
  failed(reason: string): void;
  /** There are no more looks. */
  over(): void;
}

export interface NodeLooks {
  /** Once: all that is seen from now on is told. */
  begin(listener: LookListener): void;
  /** Looks once more; then it is over. */
  last(): void;
  /** At once, in the middle of a look as well. */
  end(): Promise<void>;
}

const LAST_LOOK = 'last look';

/** By a thread of this process, which begins when it is made. */
export class ThreadLooks implements NodeLooks {
  readonly #worker: Worker;

  constructor(watch: NodeWatch) {
    this.#worker = new Worker(fileURLToPath(new URL('./node-worker.js', import.meta.url)), { workerData: watch });
    this.#worker.unref();
  }

  begin({ seen, failed, over }: LookListener): void {
    this.#worker.on('message', (snapshot: Snapshot) => seen(snapshot));
    this.#worker.on('error', ({ message }) => failed(message));
    this.#worker.on('exit', () => over());
    this.#worker.unref(); // listening for messages holds the process again
  }

  last(): void {
    this.#worker.postMessage(LAST_LOOK);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}
