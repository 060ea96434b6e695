/** Reads the rows of screens, and writes files of them. The screen asks and goes on; where the work is done is the reader's business. */
import type { Capture } from '../../capture/capture.ts';
import type { CaptureContext } from '../../event/view.ts';
import { screenNamed } from '../screens/index.ts';
import type { Question, ScreenTable } from '../screens/screen.ts';
import { type WriteJob, write } from './writing.ts';

export interface TableReader {
  /** Rejects with what is to be said where there are no rows; never resolves when it was stopped. */
  read(question: Question): Promise<ScreenTable>;
  /** Resolves to words about what was written; rejects with why nothing was. */
  write(job: WriteJob): Promise<string>;
  /** Nobody waits for the answer any more. */
  stop(): void;
  close(): void;
}

/** The rows of a screen, read here and now. Throws FilterError, CaptureError. */
export function readTable(question: Question, capture: Capture, context: CaptureContext): ScreenTable {
  const spec = screenNamed(question.id);
  if (spec === null) throw new Error(`there is no screen called ${question.id}`);
  return spec.read({ ...question, capture, context });
}

/** Reads in this thread, which must then wait. */
export class ReaderHere implements TableReader {
  constructor(
    readonly capture: Capture,
    readonly context: CaptureContext,
  ) {}

  async read(question: Question): Promise<ScreenTable> {
    return this.capture.snapshot(() => readTable(question, this.capture, this.context));
  }

  async write(job: WriteJob): Promise<string> {
    return this.capture.snapshot(() => write(job, this.capture, this.context));
  }

  stop(): void {}

  close(): void {}
}
