/** What a session asks of the thread beside it: the rows of screens, again while they grow, and files. */

import type { Capture } from '../capture/capture.ts';
import type { CaptureContext } from '../event/view.ts';
import { Rereading } from './data/rereading.ts';
import { readTable, type TableReader } from './data/table-reader.ts';
import type { WriteJob } from './data/writing.ts';
import { screenNamed } from './screens/index.ts';
import type { Question, ScreenTable } from './screens/screen.ts';
import type { State } from './state.ts';
import type { Action } from './update.ts';

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
