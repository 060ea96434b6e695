/** Requests of OTLP as protocol buffers, which gRPC carries: by the field numbers of opentelemetry-proto's v1. */
import type { AnyValue, KeyValue, Resource, Scope } from './otlp.ts';
import { Message } from './protobuf.ts';
import type { OtlpSpan, TraceRequest } from './writers/otlp.ts';
import type { LogRecord, LogsRequest } from './writers/otlp-logs.ts';

export function traceBytes({ resourceSpans }: TraceRequest): Uint8Array {
  const request = new Message();
  for (const { resource, scopeSpans } of resourceSpans) {
    const part = new Message().message(1, resourceMessage(resource));
    for (const { scope, spans } of scopeSpans) {
      const scoped = new Message().message(1, scopeMessage(scope));
      for (const span of spans) scoped.message(2, spanMessage(span));
      part.message(2, scoped);
    }
    request.message(1, part);
  }
  return request.bytes();
}

export function logsBytes({ resourceLogs }: LogsRequest): Uint8Array {
  const request = new Message();
  for (const { resource, scopeLogs } of resourceLogs) {
    const part = new Message().message(1, resourceMessage(resource));
    for (const { scope, logRecords } of scopeLogs) {
      const scoped = new Message().message(1, scopeMessage(scope));
      for (const record of logRecords) scoped.message(2, recordMessage(record));
      part.message(2, scoped);
    }
    request.message(1, part);
  }
  return request.bytes();
}

const hex = (digits: string) => Buffer.from(digits, 'hex');
const scopeMessage = ({ name }: Scope) => new Message().text(1, name);
const resourceMessage = ({ attributes }: Resource) => attributesIn(new Message(), 1, attributes);

function spanMessage(span: OtlpSpan): Message {
  const message = new Message().data(1, hex(span.traceId)).data(2, hex(span.spanId));
  if (span.parentSpanId !== undefined) message.data(4, hex(span.parentSpanId));
  message.text(5, span.name).int(6, span.kind).fixed64(7, BigInt(span.startTimeUnixNano)).fixed64(8, BigInt(span.endTimeUnixNano));
  attributesIn(message, 9, span.attributes);
  const { code, message: words } = span.status;
  return code === undefined ? message : message.message(15, new Message().text(2, words ?? '').int(3, code));
}

function recordMessage(record: LogRecord): Message {
  const message = new Message().fixed64(1, BigInt(record.timeUnixNano));
  if (record.severityNumber !== undefined) message.int(2, record.severityNumber).text(3, record.severityText ?? '');
  message.message(5, valueMessage(record.body));
  return attributesIn(message, 6, record.attributes).fixed64(11, BigInt(record.observedTimeUnixNano));
}

function attributesIn(message: Message, field: number, attributes: readonly KeyValue[]): Message {
  for (const { key, value } of attributes) message.message(field, new Message().text(1, key).message(2, valueMessage(value)));
  return message;
}

function valueMessage(value: AnyValue): Message {
  if ('stringValue' in value) return new Message().text(1, value.stringValue);
  if ('intValue' in value) return new Message().int(3, BigInt(value.intValue));
  return new Message().double(4, value.doubleValue);
}
