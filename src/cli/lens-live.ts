/** `trowel lens NAME --live`, sysdig's `-c NAME` without `-r`: the lens is asked of a recording that begins now. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFilter } from '../filter/compile.ts';
import { ask, type Question } from '../lens/ask.ts';
import { argsOf, LensError, lensFilter } from '../lens/lens.ts';
import { newTables } from '../model/rows.ts';
import { Printing } from '../output/print.ts';
import { echoReport } from '../output/reports/lens.ts';
import { Sink } from '../output/sink.ts';
import { writerOf } from '../output/writers/index.ts';
import type { Report } from '../report/report.ts';
import type { CaptureReader } from '../store/reader.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { type LensOptions, print } from './lens.ts';
import { Recorder } from './live-recorder.ts';
import { formatOf, terminalWidth } from './writing.ts';

/** ms between two looks at what has come. */
const LOOK_MS = 250;
/** Columns get their widths from so many rows. */
const MEASURED = 20;

export async function lensLive(question: Question, options: LensOptions): Promise<void> {
  checked(question);
  const folder = mkdtempSync(join(tmpdir(), 'trowel-lens-'));
  const recorder = new Recorder(join(folder, 'live.trowel'), '');
  try {
    const capture = await recorder.capture();
    try {
      if (isStreaming(question)) await stream(question, capture, options);
      else {
        await over(options.seconds);
        await recorder.end();
        capture.refresh();
        print(question, capture, options);
      }
    } finally {
      capture.close();
    }
  } finally {
    await recorder.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A mistake shows before anything is started. Throws UsageError, FilterError. */
function checked({ lens, words = [], filter = '' }: Question): void {
  const context = { dims: newTables(), epoch: 0n, hostname: '', growing: true };
  try {
    compileFilter(filter, context); // in what the user wrote, alone
    compileFilter(lensFilter(lens, argsOf(lens, words), filter), context);
  } catch (error) {
    throw error instanceof LensError ? new UsageError(error.message) : error;
  }
}

const isStreaming = ({ lens: { ask: asked } }: Question) => asked.kind === 'list' || asked.kind === 'echo';

/** Prints what has come since the last look, again and again, until it is over or nobody reads it. */
async function stream(question: Question, capture: CaptureReader, options: LensOptions): Promise<void> {
  const end = over(options.seconds);
  const sink = new Sink();
  const limit = options.limit ?? Infinity;
  let printing: Printing<unknown> | null = null;
  let seen = 0;
  let rows = 0;
  for (let isOver = false; !isOver && rows < limit; ) {
    isOver = await Promise.race([end.then(() => true), pause(LOOK_MS)]);
    capture.refresh(true);
    const last = capture.last()?.num ?? 0;
    if (last === seen) continue;
    const report = reportOf(question, capture, `evt.num>${seen} and evt.num<=${last}`, options);
    printing ??= new Printing(
      report,
      writerOf<unknown>(formatOf(options, 'table'), { width: terminalWidth(), measured: MEASURED, bytesAs: 'base64' }),
      sink,
    );
    for (const item of report.items) {
      if (rows++ < limit) printing.row(item);
    }
    sink.flush();
    seen = last;
  }
  printing?.end();
  sink.flush();
}

function reportOf(question: Question, capture: CaptureReader, span: string, options: LensOptions): Report<unknown> {
  const filter = question.filter === undefined || question.filter === '' ? span : `(${span}) and (${question.filter})`;
  const look = ask({ ...question, filter }, capture, contextOf(capture, true));
  return (look.kind === 'table' ? look : echoReport(look.blocks, capture.epoch, options)) as Report<unknown>;
}

/** After so many seconds, or at Ctrl-C. */
function over(seconds: number | undefined): Promise<void> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
    if (seconds !== undefined) setTimeout(done, seconds * 1000).unref();
    process.stdout.once('error', () => done());
  });
}

function pause(ms: number): Promise<false> {
  return new Promise((done) => {
    setTimeout(() => done(false), ms);
  });
}
