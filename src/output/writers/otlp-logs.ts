/**
 * What programs wrote to syslog, to standard error and to log files, as log records in OTLP/JSON
 * (opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest): one request a line, a record for each line that was written.
 */

import { readField } from '../../event/fields/field.ts';
import type { EventView } from '../../event/view.ts';
import { fieldNamed } from '../../filter/find-field.ts';
import type { SpanOwner } from '../../lens/spans.ts';
import { EventFlag } from '../../model/chunk.ts';
import { fdName } from '../../model/fd-name.ts';
import type { Report } from '../../report/report.ts';
import { type AnyValue, attributesOf, type KeyValue, ownerKey, type Resource, resourceOf, SCOPE, type Scope, wallText } from '../otlp.ts';
import { jsonText } from '../printable.ts';
import type { Bytes, Writer } from './writer.ts';

/** Records of one request. */
const BATCH = 512;
/** By syslog's severity (OpenTelemetry's data model of logs, appendix B). */
const SEVERITIES = [21, 19, 18, 17, 13, 10, 9, 5];
const STDERR = 2;

export interface LogRecord {
  readonly timeUnixNano: string;
  readonly observedTimeUnixNano: string;
  readonly severityNumber?: number;
  readonly severityText?: string;
  readonly body: AnyValue;
  readonly attributes: readonly KeyValue[];
}

export interface LogsRequest {
  readonly resourceLogs: readonly {
    readonly resource: Resource;
    readonly scopeLogs: readonly { readonly scope: Scope; readonly logRecords: readonly LogRecord[] }[];
  }[];
}

interface Owned {
  readonly owner: SpanOwner;
  readonly record: LogRecord;
}

/** Gathers records into requests. */
export class LogsRequests {
  readonly #epoch: bigint;
  #batch: Owned[] = [];

  constructor(epoch: bigint) {
    this.#epoch = epoch;
  }

  /** null: the request is not full. */
  add(view: EventView): LogsRequest | null {
    const owner = ownerOf(view);
    for (const record of recordsOf(view, this.#epoch)) this.#batch.push({ owner, record });
    return this.#batch.length < BATCH ? null : this.rest();
  }

  /** What was added since the last request; null: nothing. */
  rest(): LogsRequest | null {
    if (this.#batch.length === 0) return null;
    const groups = Map.groupBy(this.#batch, ({ owner }) => ownerKey(owner));
    this.#batch = [];
    return {
      resourceLogs: [...groups.values()].map((all) => ({
        resource: resourceOf(all[0]!.owner),
        scopeLogs: [{ scope: SCOPE, logRecords: all.map(({ record }) => record) }],
      })),
    };
  }
}

export class OtlpLogsWriter implements Writer<EventView> {
  #requests = new LogsRequests(0n);

  begin({ epoch }: Report<EventView>): Bytes {
    this.#requests = new LogsRequests(epoch);
    return '';
  }

  row(view: EventView): Bytes {
    return lineOf(this.#requests.add(view));
  }

  end(): Bytes {
    return lineOf(this.#requests.rest());
  }
}

const lineOf = (request: LogsRequest | null): string => (request === null ? '' : `${jsonText(request)}\n`);

const MESSAGE = fieldNamed('syslog.message');
const SEVERITY = fieldNamed('syslog.severity');
const SEVERITY_TEXT = fieldNamed('syslog.severity.str');

function recordsOf(view: EventView, epoch: bigint): LogRecord[] {
  const message = readField(MESSAGE, view);
  const lines = typeof message === 'string' ? [message] : linesOf(view.payload);
  const time = wallText(epoch, view.time);
  const common = { timeUnixNano: time, observedTimeUnixNano: time, ...severityOf(view), attributes: attributesOf(about(view)) };
  return lines.map((line) => ({ ...common, body: { stringValue: line.toWellFormed() } }));
}

function linesOf(payload: Uint8Array): string[] {
  return Buffer.from(payload)
    .toString()
    .split(/[\r\n]+/)
    .filter((line) => line !== '');
}

function severityOf(view: EventView): Pick<LogRecord, 'severityNumber' | 'severityText'> {
  const severity = readField(SEVERITY, view);
  if (typeof severity !== 'number') return {};
  return { severityNumber: SEVERITIES[severity] ?? 0, severityText: String(readField(SEVERITY_TEXT, view) ?? '') };
}

function about(view: EventView): Record<string, string | number> {
  const { fd } = view;
  const named = fd === null ? '' : fdName(fd);
  const file = fd?.kind === 'file' ? { 'log.file.path': named } : named === '' ? {} : { 'trowel.fd.name': named };
  return {
    'trowel.evt.num': view.columnValue('num') ?? 0,
    'thread.id': view.thread?.tid ?? 0,
    ...file,
    ...(view.columnValue('fdnum') === STDERR ? { 'log.iostream': 'stderr' } : {}),
    ...((view.flags & EventFlag.TRUNCATED) === 0 ? {} : { 'trowel.evt.truncated': 1 }),
  };
}

const ID_SHOWN = 12;

function ownerOf(view: EventView): SpanOwner {
  const { process, thread } = view;
  const container = process?.container ?? '';
  const pod = view.kube.pod(container, view.time, view);
  return {
    pid: process?.pid ?? 0,
    tid: thread?.tid ?? 0,
    comm: thread?.comm ?? '',
    container: container.slice(0, ID_SHOWN),
    namespace: pod?.namespace ?? '',
    pod: pod?.name ?? '',
  };
}
