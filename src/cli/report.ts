/** `trowel report`: what happened, as a page to give away. */
import { closeSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Capture, captureEnd } from '../capture/capture.ts';
import { explain, list } from '../explain/explain.ts';
import type { Request } from '../explain/findings.ts';
import type { Story } from '../explain/story.ts';
import { compileFilter } from '../filter/compile.ts';
import { pidsOf } from '../lens/processes.ts';
import { redact } from '../model/redact.ts';
import { clockText, spanText } from '../model/time.ts';
import { type Evidence, type Page, pageText } from '../output/html/page.ts';
import { Pseudonyms } from '../output/pseudonyms.ts';
import { say } from '../output/stderr.ts';
import { nothingLines } from '../output/story.ts';
import { eventSummary } from '../output/summary.ts';
import { contextOf } from './capture-context.ts';
import { openCapture } from './open-capture.ts';
import { citedBy } from './slice.ts';
import { parseSpan } from './span.ts';
import { createFile } from './target.ts';

export interface ReportOptions {
  readonly output: string;
  readonly over: string;
}

const MOST_STORIES = 10;
const MOST_EVIDENCE = 200;

export async function report(path: string, filterText: string, options: ReportOptions): Promise<void> {
  const capture = await openCapture(path);
  try {
    const over = parseSpan('--over', options.over);
    const request: Request = { over, pids: filterText === '' ? null : pidsOf(capture, compileFilter(filterText, contextOf(capture))) };
    writePage(options.output, pageText(pageOf(capture, request)));
    say(`${options.output}: written; secrets are redacted, names of pods, processes and DNS are in it`);
  } finally {
    capture.close();
  }
}

/** Its owner alone may read it. */
function writePage(path: string, text: string): void {
  const file = createFile(path);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

function pageOf(capture: Capture, request: Request): Page {
  const names = new Pseudonyms();
  const stories = list(capture, request, MOST_STORIES).map((story) => evidenceOf(capture, story));
  const nothing = stories.length === 0 ? nothingLines(request.over, explain(capture, request).looked) : [];
  return {
    file: basename(capture.path),
    facts: factsOf(capture),
    stories,
    blindSpots: capture.blindSpots,
    nothing,
    epoch: capture.epoch,
    text: (text) => names.text(redact(text)),
  };
}

function factsOf(capture: Capture): [string, string][] {
  const { meta, epoch, losses } = capture;
  return [
    ['recorded', `${clockText(epoch, 0, true)} on ${meta.hostname ?? ''} (${meta.kernel ?? ''}, ${meta.machine ?? ''})`],
    ['span', spanText(captureEnd(capture))],
    ['events', String(capture.last()?.count ?? 0)],
    ['lost', losses.events === 0 ? 'nothing' : `${losses.events} events`],
    ['filter', meta.filter ?? ''],
    ['command', meta.command ?? ''],
  ].filter((fact): fact is [string, string] => fact[1] !== '');
}

function evidenceOf(capture: Capture, story: Story): Page['stories'][number] {
  const nums = citedBy(story);
  const shown = nums.slice(0, MOST_EVIDENCE);
  if (shown.length === 0) return { story, evidence: [], leftOut: 0 };
  const filter = compileFilter(`evt.num in (${shown.join(', ')})`, contextOf(capture));
  const evidence: Evidence[] = [];
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      const { before, name, after } = eventSummary(view);
      const process = `${view.thread?.comm ?? ''} (${view.process?.pid ?? 0})`;
      const { time, type } = view;
      evidence.push({
        num: chunk.num[view.i]!,
        time,
        process,
        type: type.name,
        latency: view.columnValue('latency'),
        what: before + name + after,
      });
    }
  }
  return { story, evidence, leftOut: nums.length - shown.length };
}
