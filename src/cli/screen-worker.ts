/** The thread that reads the rows of screens, writes files of them, and counts, so that the one with the keyboard never waits. */
import { parentPort, workerData } from 'node:worker_threads';
import { compileFilter } from '../filter/compile.ts';
import { extract } from '../store/extract.ts';
import { Counter } from '../tui/data/counter.ts';
import type { CountJob, CountNews, Lane } from '../tui/data/counting.ts';
import { readTable } from '../tui/data/table-reader.ts';
import { type WriteJob, write } from '../tui/data/writing.ts';
import type { Question, ScreenTable } from '../tui/screens/screen.ts';
import { contextOf } from './capture-context.ts';
import { setDefinitions } from './definitions.ts';
import { chooseNamespaces, chooseNodes } from './nodes.ts';
import { openQuietly } from './open-capture.ts';
import { newTarget } from './target.ts';

/** What the thread is started with. */
export interface WorkerStart {
  readonly path: string;
  readonly growing: boolean;
  readonly nodes: readonly string[];
  readonly namespaces: readonly string[];
  readonly definitions: readonly (readonly [string, string])[];
}

export type WorkerJob =
  | { readonly question: Question }
  | { readonly write: WriteJob }
  | { readonly count: CountJob }
  | { readonly stop: Lane };

/** What it answers. */
export type WorkerAnswer = Answer | { readonly news: CountNews };

type Answer = { readonly table: ScreenTable } | { readonly written: string } | { readonly problem: string };

const { path, growing, nodes, namespaces, definitions } = workerData as WorkerStart;
setDefinitions(new Map(definitions));
chooseNodes(nodes);
chooseNamespaces(namespaces);
const capture = await openQuietly(path);
const context = contextOf(capture, growing);

const counter = new Counter(capture, context, (news) => parentPort!.postMessage({ news } satisfies WorkerAnswer));

parentPort!.on('message', (job: WorkerJob) => {
  if ('count' in job) counter.count(job.count);
  else if ('stop' in job) counter.stop(job.stop);
  else parentPort!.postMessage(answer(job));
});

function answer(job: { readonly question: Question } | { readonly write: WriteJob }): Answer {
  try {
    if (growing) capture.refresh();
    return capture.snapshot(() =>
      'question' in job ? { table: readTable(job.question, capture, context) } : { written: fileOf(job.write) },
    );
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

function fileOf(job: WriteJob): string {
  if (job.what !== 'capture') return write(job, capture, context);
  const events = extract(capture, compileFilter(job.filter, context), newTarget(job.path));
  return `${job.path}: a capture of ${events} events`;
}
