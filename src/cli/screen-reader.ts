/** Does the work of screens in a thread of its own; stopping ends the thread, and the next job starts another. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { TableReader } from '../tui/data/table-reader.ts';
import type { WriteJob } from '../tui/data/writing.ts';
import type { Question, ScreenTable } from '../tui/screens/screen.ts';
import type { WorkerAnswer, WorkerJob, WorkerStart } from './screen-worker.ts';

type TableAnswer = Exclude<WorkerAnswer, { readonly news: unknown }>;

export class ScreenReader implements TableReader {
  readonly #start: WorkerStart;
  #worker: Worker | null = null;
  #waiting: PromiseWithResolvers<TableAnswer> | null = null;

  constructor(start: WorkerStart) {
    this.#start = start;
  }

  async read(question: Question): Promise<ScreenTable> {
    const answer = await this.#asked({ question });
    if ('table' in answer) return answer.table;
    throw new Error('problem' in answer ? answer.problem : answer.written);
  }

  async write(job: WriteJob): Promise<string> {
    const answer = await this.#asked({ write: job });
    if ('written' in answer) return answer.written;
    throw new Error('problem' in answer ? answer.problem : 'nothing was written');
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

  #asked(job: WorkerJob): Promise<TableAnswer> {
    if (this.#waiting !== null) this.stop();
    this.#waiting = Promise.withResolvers<TableAnswer>();
    this.#worker ??= this.#started();
    this.#worker.ref();
    this.#worker.postMessage(job);
    return this.#waiting.promise;
  }

  #started(): Worker {
    const worker = new Worker(fileURLToPath(new URL('./screen-worker.js', import.meta.url)), { workerData: this.#start });
    worker.on('message', (answer: WorkerAnswer) => {
      if (!('news' in answer)) this.#answered(worker, answer);
    });
    worker.on('error', (error) => this.#answered(worker, { problem: error.message }));
    return worker;
  }

  #answered(worker: Worker, answer: TableAnswer): void {
    if (worker !== this.#worker) return;
    worker.unref();
    this.#waiting?.resolve(answer);
    this.#waiting = null;
  }
}
