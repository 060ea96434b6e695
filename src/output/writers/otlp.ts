/**
 * Spans in OTLP/JSON (opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest): one request a line, of so many spans, as a
 * collector's file receiver reads them and its HTTP receiver takes them. Ids are made of the capture's clock and the spans' numbers:
 * the same capture gives the same ids.
 */
import { createHash } from 'node:crypto';
import type { Span } from '../../lens/spans.ts';
import type { Report } from '../../report/report.ts';
import { jsonText } from '../printable.ts';
import type { Bytes, Writer } from './writer.ts';

/** Spans of one request. */
const BATCH = 512;
const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;

export class OtlpWriter implements Writer<Span> {
  #epoch = 0n;
  #batch: Span[] = [];

  begin({ epoch }: Report<Span>): Bytes {
    this.#epoch = epoch;
    return '';
  }

  row(span: Span): Bytes {
    this.#batch.push(span);
    return this.#batch.length < BATCH ? '' : this.#take();
  }

  end(): Bytes {
    return this.#batch.length === 0 ? '' : this.#take();
  }

  #take(): string {
    const groups = Map.groupBy(this.#batch, ({ owner }) => `${owner.namespace}/${owner.pod} ${owner.comm} ${owner.pid}`);
    const resourceSpans = [...groups.values()].map((spans) => ({
      resource: { attributes: resourceAttributes(spans[0]!) },
      scopeSpans: [{ scope: { name: 'trowel' }, spans: spans.map((span) => this.#span(span)) }],
    }));
    this.#batch = [];
    return `${jsonText({ resourceSpans })}\n`;
  }

  #span(span: Span): unknown {
    const { parent, name, side, start, end, num, error, attributes, kind } = span;
    const ns = (time: number) => (this.#epoch + BigInt(Math.round(time))).toString();
    return {
      traceId: this.#id('trace', rootOf(span).id, 32),
      spanId: this.#id('span', span.id, 16),
      ...(parent === null ? {} : { parentSpanId: this.#id('span', parent.id, 16) }),
      name: name.toWellFormed(),
      kind: SPAN_KIND[side],
      startTimeUnixNano: ns(start),
      endTimeUnixNano: ns(end),
      attributes: attributesOf({ 'trowel.evt.num': num, 'trowel.span.kind': kind, 'thread.id': span.owner.tid, ...attributes }),
      status: error === null ? {} : { code: STATUS_ERROR, message: error },
    };
  }

  #id(what: string, id: number, digits: number): string {
    return createHash('sha256').update(`${this.#epoch} ${what} ${id}`).digest('hex').slice(0, digits);
  }
}

function rootOf(span: Span): Span {
  let root = span;
  while (root.parent !== null) root = root.parent;
  return root;
}

function resourceAttributes({ owner: { comm, pid, namespace, pod, container } }: Span): unknown[] {
  const named = { 'service.name': pod === '' ? comm : pod, 'process.pid': pid, 'process.command': comm };
  const kube = pod === '' ? {} : { 'k8s.namespace.name': namespace, 'k8s.pod.name': pod };
  return attributesOf({ ...named, ...kube, ...(container === '' ? {} : { 'container.id': container }) });
}

/** 64-bit numbers are digits, as protobuf's JSON has them. */
function attributesOf(all: Readonly<Record<string, string | number>>): unknown[] {
  return Object.entries(all).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value.toWellFormed() }
        : Number.isSafeInteger(value)
          ? { intValue: String(value) }
          : { doubleValue: value },
  }));
}
