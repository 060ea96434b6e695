/** The thread that reads the rows of screens, so that the one with the keyboard never waits. */
import { parentPort, workerData } from 'node:worker_threads';
import { readTable } from '../tui/data/table-reader.ts';
import type { Question, ScreenTable } from '../tui/screens/screen.ts';
import { setDefinitions } from './definitions.ts';
import { contextOf, openQuietly } from './open-capture.ts';

/** What the thread is started with. */
export interface WorkerStart {
  readonly path: string;
  readonly growing: boolean;
  readonly definitions: readonly (readonly [string, string])[];
}

/** What it answers to a question. */
export type WorkerAnswer = { readonly table: ScreenTable } | { readonly problem: string };

const { path, growing, definitions } = workerData as WorkerStart;
setDefinitions(new Map(definitions));
const capture = await openQuietly(path);
const context = contextOf(capture, growing);

parentPort!.on('message', (question: Question) => {
  parentPort!.postMessage(answer(question));
});

function answer(question: Question): WorkerAnswer {
  try {
    if (growing) capture.refresh();
    return { table: capture.snapshot(() => readTable(question, capture, context)) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
