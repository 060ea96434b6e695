/** `trowel diff`: the same request in two captures, step by step. */

import { NotThere } from '../explain/choice.ts';
import { diffStories, type Step } from '../explain/diff.ts';
import { explain } from '../explain/explain.ts';
import type { Story } from '../explain/story.ts';
import { spanText } from '../model/time.ts';
import { sentenceOf } from '../output/sentences.ts';
import { column } from '../report/column.ts';
import type { Column, Report } from '../report/report.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { openCapture } from './open-capture.ts';
import { parseSpan } from './span.ts';
import { show, type WritingOptions } from './writing.ts';

export interface DiffOptions extends WritingOptions {
  readonly over: string;
  /** Processes that are meant; absent: the costliest story of each. */
  readonly pid?: number;
  readonly otherPid?: number;
  readonly limit?: number;
}

const COLUMNS: readonly Column<Step>[] = [
  column('where', 'text', 'what the time was spent on', (s) => s.kind),
  column('what', 'text', 'a name, an address, a path', (s) => s.what),
  column('first', 'ns', 'in the first capture', (s) => s.first, { nullable: true }),
  column('second', 'ns', 'in the second', (s) => s.second, { nullable: true }),
  column('difference', 'ns', 'second minus first', (s) => s.difference),
  column('first.num', 'num', 'the event with which it begins', (s) => s.firstNum, { nullable: true }),
  column('second.num', 'num', 'the event with which it begins', (s) => s.secondNum, { nullable: true }),
];

export async function diff(first: string, second: string, options: DiffOptions): Promise<void> {
  const a = await told(first, options.pid, options.over);
  const b = await told(second, options.otherPid, options.over);
  const longer = b.story.end - b.story.start - (a.story.end - a.story.start);
  const report: Report<Step> = {
    id: 'lens',
    columns: COLUMNS,
    items: diffStories(a.story, b.story),
    epoch: 0n,
    empty: 'no step differs',
    notes: () => [
      '',
      `first:  ${first}: ${headline(a.story)}`,
      `second: ${second}: ${headline(b.story)}`,
      longer === 0 ? 'both took equally long' : `the second took ${spanText(Math.abs(longer))} ${longer > 0 ? 'longer' : 'less'}`,
    ],
  };
  show(report, options);
}

async function told(path: string, pid: number | undefined, over: string): Promise<{ readonly story: Story }> {
  const capture = await openCapture(path);
  try {
    const { story } = explain(capture, { over: parseSpan('--over', over), pids: null, ...(pid === undefined ? {} : { pid }) });
    if (story === null) throw new Exit(EXIT.FAILED, `${path}: nothing waited or failed there: name a process with --pid or --other-pid`);
    return { story };
  } catch (error) {
    throw error instanceof NotThere ? new UsageError(`${path}: ${error.message}`) : error;
  } finally {
    capture.close();
  }
}

function headline({ process, start, end, causes }: Story): string {
  const cause = causes[0] === undefined ? 'no single cause stands out' : sentenceOf(causes[0]);
  return `${process.comm} (${process.pid}), ${spanText(end - start)}: ${cause}`;
}
