/** `trowel explain`: where the time went, in one sentence and with the events that show it. */

import type { Capture } from '../capture/capture.ts';
import { NotThere } from '../explain/choice.ts';
import { explain as explainCapture, list } from '../explain/explain.ts';
import type { Request } from '../explain/findings.ts';
import { compileFilter } from '../filter/compile.ts';
import { written } from '../filter/literal.ts';
import { pidsOf } from '../lens/processes.ts';
import { explanationReport, storiesReport } from '../output/reports/explain.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { parseMoment, parseMoments } from './moment.ts';
import { openCapture } from './open-capture.ts';
import { parseSpan } from './span.ts';
import { show, type WritingOptions } from './writing.ts';

export interface ExplainOptions extends WritingOptions {
  readonly pid?: number;
  readonly pod?: string;
  readonly event?: number;
  readonly end?: number;
  readonly at?: string;
  readonly list?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly over: string;
}

export async function explain(path: string, filterText: string, options: ExplainOptions): Promise<void> {
  const capture = await openCapture(path);
  try {
    const filter = [podFilter(options.pod), filterText === '' ? '' : `(${filterText})`].filter((part) => part !== '').join(' and ');
    const pids = filter === '' ? null : pidsOf(capture, compileFilter(filter, contextOf(capture)));
    if (pids?.size === 0) throw new UsageError(nobody(options.pod, filterText));
    const request = requestOf(capture, options, pids);
    // Of one moment, also of a capture that grows; and the file is locked once, not for each column.
    const stories = () => storiesReport(list(capture, request, MOST_LISTED), path, options.over, capture.epoch);
    const explanation = () => explanationReport(explainCapture(capture, request), capture.epoch);
    if (options.list === true) show(capture.snapshot(stories), options);
    else show(capture.snapshot(explanation), options);
  } catch (error) {
    throw error instanceof NotThere ? new UsageError(error.message) : error;
  } finally {
    capture.close();
  }
}

function nobody(pod: string | undefined, filterText: string): string {
  if (pod === undefined) return `no process in this capture has an event that matches ${filterText}`;
  return `no process of a pod ${pod} is in this capture${filterText === '' ? '' : ' and matches'}`;
}

function requestOf(capture: Capture, options: ExplainOptions, pids: ReadonlySet<number> | null): Request {
  const at = options.at === undefined ? undefined : parseMoment('--at', options.at, capture);
  const pid = options.pid ?? options.end;
  return {
    over: parseSpan('--over', options.over),
    pids,
    ...(pid === undefined ? {} : { pid }),
    ...(options.end === undefined ? {} : { end: true }),
    ...(at === undefined ? {} : { at }),
    ...(options.event === undefined ? {} : { event: options.event }),
    ...parseMoments(options, capture),
  };
}

const MOST_LISTED = 10;

function podFilter(pod: string | undefined): string {
  if (pod === undefined) return '';
  const [namespace, name] = pod.includes('/') ? pod.split('/', 2) : [null, pod];
  return `${namespace === null ? '' : `k8s.ns.name=${written(namespace!)} and `}k8s.pod.name=${written(name!)}`;
}
