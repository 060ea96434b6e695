/** Counts in a thread of its own, which starts with the first job. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Counting, CountJob, CountNews, Lane } from '../tui/data/counting.ts';
import type { WorkerAnswer, WorkerJob, WorkerStart } from './screen-worker.ts';

/** MiB for what lives short. Each of a chunk's columns is a small object that holds much: they must not pile up. */
const YOUNG_MIB = 1;

export class CountingThread implements Counting {
  hear: (news: CountNews) => void = () => {};
  readonly #start: WorkerStart;
  #worker: Worker | null = null;
  readonly #jobs = new Map<Lane, CountJob>();

  constructor(start: WorkerStart) {
    this.#start = start;
  }

  count(job: CountJob): void {
    this.#jobs.set(job.lane, job);
    this.#send({ count: job });
  }

  stop(lane: Lane): void {
    if (this.#jobs.delete(lane)) this.#send({ stop: lane });
  }

  close(): void {
    void this.#worker?.terminate();
    this.#worker = null;
  }

  #send(job: WorkerJob): void {
    this.#worker ??= this.#started();
    this.#worker.postMessage(job);
  }

  #started(): Worker {
    const url = new URL('./screen-worker.js', import.meta.url);
    const worker = new Worker(fileURLToPath(url), { workerData: this.#start, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });
    worker.unref();
    worker.on('message', (answer: WorkerAnswer) => {
      if (worker === this.#worker && 'news' in answer) this.#told(answer.news);
    });
    worker.on('error', () => this.#failed(worker));
    return worker;
  }

  #told(news: CountNews): void {
    if (news.done && this.#jobs.get(news.lane)?.id === news.id) this.#jobs.delete(news.lane);
    this.hear(news);
  }

  /** What it did not count, those count who asked. */
  #failed(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const { lane, id } of jobs) this.hear({ lane, id, chunks: [], counts: [], done: true });
  }
}
