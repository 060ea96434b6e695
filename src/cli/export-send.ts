/** What `trowel export --to` sends, and what it says of it. */
import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { Span } from '../lens/spans.ts';
import { type TraceRequest, TraceRequests } from '../output/writers/otlp.ts';
import { type LogsRequest, LogsRequests } from '../output/writers/otlp-logs.ts';
import type { Report } from '../report/report.ts';
import { LOGS, sendRequests, TRACES } from './otlp-send.ts';

/** Throws UsageError, Exit where the collector does not take them. */
export async function sendSpans(report: Report<Span>, to: string): Promise<string> {
  const sent = { n: 0 };
  const where = await sendRequests(TRACES, traceRequests(report, sent), to);
  return `${sent.n} spans sent to ${where}`;
}

/** The same of log records. */
export async function sendLogs(capture: Capture, filter: CompiledFilter, to: string): Promise<string> {
  const sent = { n: 0 };
  const where = await sendRequests(LOGS, logsRequests(capture, filter, sent), to);
  return `${sent.n} log records sent to ${where}`;
}

function* traceRequests({ items, epoch }: Report<Span>, sent: { n: number }): Generator<TraceRequest> {
  const requests = new TraceRequests(epoch);
  for (const span of items) {
    const full = requests.add(span);
    sent.n++;
    if (full !== null) yield full;
  }
  const rest = requests.rest();
  if (rest !== null) yield rest;
}

function* logsRequests(capture: Capture, filter: CompiledFilter, sent: { n: number }): Generator<LogsRequest> {
  const requests = new LogsRequests(capture.epoch);
  const counted = (request: LogsRequest) => {
    sent.n += request.resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)).length;
    return request;
  };
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const full = requests.add(filter.view.at(chunk, selection[k]!));
      if (full !== null) yield counted(full);
    }
  }
  const rest = requests.rest();
  if (rest !== null) yield counted(rest);
}
