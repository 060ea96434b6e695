/** A report through a writer into a sink: the one loop that prints. */
import type { Report } from '../report/report.ts';
import type { Bytes, Writer } from './writers/writer.ts';

/** What takes a writer's bytes. */
export interface ByteSink {
  write(piece: Bytes): void;
}

/** Writes items as they are handed over, for reports whose items are pushed. */
export class Printing<T> {
  readonly #writer: Writer<T>;
  readonly #sink: ByteSink;

  constructor(report: Report<T>, writer: Writer<T>, sink: ByteSink) {
    this.#writer = writer;
    this.#sink = sink;
    sink.write(writer.begin(report));
  }

  row(item: T): void {
    this.#sink.write(this.#writer.row(item));
  }

  end(): void {
    this.#sink.write(this.#writer.end());
  }
}

/** Writes all items, or the first `limit`; gives how many. */
export function printReport<T>(report: Report<T>, writer: Writer<T>, sink: ByteSink, limit = Infinity): number {
  const printing = new Printing(report, writer, sink);
  let n = 0;
  if (limit > 0) {
    for (const item of report.items) {
      printing.row(item);
      if (++n >= limit) break;
    }
  }
  printing.end();
  return n;
}

/** A report as text, for documents and tests. */
export function rendered<T>(report: Report<T>, writer: Writer<T>): string {
  const parts: string[] = [];
  printReport(report, writer, { write: (piece) => parts.push(typeof piece === 'string' ? piece : Buffer.from(piece).toString()) });
  return parts.join('');
}
