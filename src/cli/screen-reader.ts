/** Reads the rows of screens in a thread of their own; stopping ends the thread, and the next question starts another. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { TableReader } from '../tui/data/table-reader.ts';
import type { Question, ScreenTable } from '../tui/screens/screen.ts';
import type { WorkerAnswer, WorkerStart } from './screen-worker.ts';

export class ScreenReader implements TableReader {
  readonly #start: WorkerStart;
  #worker: Worker | null = null;
  #waiting: PromiseWithResolvers<ScreenTable> | null = null;

  constructor(start: WorkerStart) {
    this.#start = start;
  }

  read(question: Question): Promise<ScreenTable> {
    if (this.#waiting !== null) this.stop();
    this.#waiting = Promise.withResolvers<ScreenTable>();
    this.#worker ??= this.#started();
    this.#worker.ref();
    this.#worker.postMessage(question);
    return this.#waiting.promise;
  }

  stop(): void {
    if (this.#waiting === null) return;
    this.#waiting = null;
    this.close();
  }

  close(): void {
    void this.#worker?.terminate();
    this.#worker = null;
  }

  #started(): Worker {
    const worker = new Worker(fileURLToPath(new URL('./screen-worker.js', import.meta.url)), { workerData: this.#start });
    worker.on('message', (answer: WorkerAnswer) => this.#answered(worker, answer));
    worker.on('error', (error) => this.#answered(worker, { problem: error.message }));
    return worker;
  }

  #answered(worker: Worker, answer: WorkerAnswer): void {
    if (worker !== this.#worker) return;
    worker.unref();
    const waiting = this.#waiting;
    this.#waiting = null;
    if ('table' in answer) waiting?.resolve(answer.table);
    else waiting?.reject(new Error(answer.problem));
  }
}
