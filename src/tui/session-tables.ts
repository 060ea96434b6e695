/** What a session asks of the thread beside it: the rows of screens, again while they grow, and files. */

import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import type { CaptureContext } from '../event/view.ts';
import { Rereading } from './data/rereading.ts';
import { readTable, type TableReader } from './data/table-reader.ts';
import type { WriteJob } from './data/writing.ts';
import { screenNamed } from './screens/index.ts';
import type { Question, ScreenTable } from './screens/screen.ts';
import { exportJob } from './session-parts.ts';
import type { State } from './state.ts';
import type { Action } from './update.ts';

/** Events whose findings are known sooner than a thread starts. */
const AT_ONCE = 20_000;

export interface Asker {
  readonly capture: Capture;
  readonly context: CaptureContext;
  apply(action: Action): void;
}

export class SessionTables {
  readonly #reader: TableReader;
  readonly #asker: Asker;
  readonly #rereading = new Rereading();

  constructor(reader: TableReader, asker: Asker) {
    this.#reader = reader;
    this.#asker = asker;
  }

  /** Shows the screen that comes first; null: the findings, where there are any: at once of a small capture, else when they are read. */
  begin(first: string | null, filter: string, events: number): void {
    if (first === 'events') return;
    const { apply } = this.#asker;
    const question: Question = { id: first ?? 'findings', filter, event: null };
    if (first !== null) apply({ kind: 'open', id: first });
    else if (events <= AT_ONCE) this.#readFirst(question);
    else this.#awaitFirst(question);
  }

  #awaitFirst(question: Question): void {
    const { apply } = this.#asker;
    apply({ kind: 'searching', text: 'looking for what went wrong' });
    this.#reader.read(question).then(
      (table) => apply({ kind: 'first', question, table }),
      () => apply({ kind: 'searching', text: null }), // who wants them asks again, and is told why there are none
    );
  }

  #readFirst(question: Question): void {
    const { capture, context, apply } = this.#asker;
    try {
      apply({ kind: 'first', question, table: readTable(question, capture, context) });
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error; // what can be read of a damaged one is in the list of events
    }
  }

  read(question: Question): void {
    const { capture, context, apply } = this.#asker;
    if (screenNamed(question.id)?.instant === true) {
      apply({ kind: 'table', question, table: readTable(question, capture, context) });
      return;
    }
    const begun = this.#rereading.begun();
    const read = (table: ScreenTable | string) => {
      this.#rereading.ended(begun);
      apply({ kind: 'table', question, table });
    };
    this.#reader.read(question).then(read, (error: Error) => read(error.message));
  }

  /** The capture has grown: what was read is not all any more. */
  grown(): void {
    this.#rereading.grown();
  }

  /** A table follows, too: it is read again, with its selection and its order. */
  readAgain({ table, follow, prompt }: State): void {
    if (follow === 'on' && prompt === null && table !== null && table.table !== null && this.#rereading.isDue) this.read(table.question);
  }

  /** What is shown, into a file of the kind that its name says. */
  export(state: State, path: string): void {
    const job = exportJob(state, path);
    const text = `${path}: the name must end with .csv, .json, .md, .txt or .trowel`;
    if (job === null) this.#asker.apply({ kind: 'notice', notice: { kind: 'problem', text } });
    else this.write(job);
  }

  /** Says how it went, in words. */
  write(job: WriteJob): void {
    const ended = (text: string, kind: 'note' | 'problem') => {
      this.#asker.apply({ kind: 'searching', text: null });
      this.#asker.apply({ kind: 'notice', notice: { kind, text } });
    };
    this.#asker.apply({ kind: 'searching', text: `writing ${job.path}` });
    this.#reader.write(job).then(
      (words) => ended(words, 'note'),
      (error: Error) => ended(error.message, 'problem'),
    );
  }

  stop(): void {
    this.#rereading.stopped();
    this.#reader.stop();
  }

  close(): void {
    this.#reader.close();
  }
}
