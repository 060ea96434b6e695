/**
 * Spans in OTLP/JSON (opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest): one request a line, of so many spans, as a
 * collector's file receiver reads them and its HTTP receiver takes them. Ids are made of the capture's clock and the spans' numbers:
 * the same capture gives the same ids.
 */
import { createHash } from 'node:crypto';
import type { Span } from '../../lens/spans.ts';
import type { Report } from '../../report/report.ts';
import { attributesOf, type KeyValue, ownerKey, type Resource, resourceOf, SCOPE, type Scope, wallText } from '../otlp.ts';
import { jsonText } from '../printable.ts';
import type { Bytes, Writer } from './writer.ts';

/** Spans of one request. */
const BATCH = 512;
const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;

export interface OtlpSpan {
  /** In hexadecimal, unlike other bytes in protobuf's JSON. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code?: number; readonly message?: string };
}

export interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: Resource;
    readonly scopeSpans: readonly { readonly scope: Scope; readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Gathers spans into requests. */
export class TraceRequests {
  readonly #epoch: bigint;
  #batch: Span[] = [];

  constructor(epoch: bigint) {
    this.#epoch = epoch;
  }

  /** null: the request is not full. */
  add(span: Span): TraceRequest | null {
    this.#batch.push(span);
    return this.#batch.length < BATCH ? null : this.rest();
  }

  /** What was added since the last request; null: nothing. */
  rest(): TraceRequest | null {
    if (this.#batch.length === 0) return null;
    const groups = Map.groupBy(this.#batch, ({ owner }) => ownerKey(owner));
    this.#batch = [];
    return {
      resourceSpans: [...groups.values()].map((spans) => ({
        resource: resourceOf(spans[0]!.owner),
        scopeSpans: [{ scope: SCOPE, spans: spans.map((span) => this.#span(span)) }],
      })),
    };
  }

  #span(span: Span): OtlpSpan {
    const { parent, name, side, start, end, num, error, attributes, kind } = span;
    return {
      traceId: this.#id('trace', rootOf(span).id, 32),
      spanId: this.#id('span', span.id, 16),
      ...(parent === null ? {} : { parentSpanId: this.#id('span', parent.id, 16) }),
      name: name.toWellFormed(),
      kind: SPAN_KIND[side],
      startTimeUnixNano: wallText(this.#epoch, start),
      endTimeUnixNano: wallText(this.#epoch, end),
      attributes: attributesOf({ 'trowel.evt.num': num, 'trowel.span.kind': kind, 'thread.id': span.owner.tid, ...attributes }),
      status: error === null ? {} : { code: STATUS_ERROR, message: error.toWellFormed() },
    };
  }

  #id(what: string, id: number, digits: number): string {
    return createHash('sha256').update(`${this.#epoch} ${what} ${id}`).digest('hex').slice(0, digits);
  }
}

export class OtlpWriter implements Writer<Span> {
  #requests = new TraceRequests(0n);

  begin({ epoch }: Report<Span>): Bytes {
    this.#requests = new TraceRequests(epoch);
    return '';
  }

  row(span: Span): Bytes {
    return lineOf(this.#requests.add(span));
  }

  end(): Bytes {
    return lineOf(this.#requests.rest());
  }
}

const lineOf = (request: TraceRequest | null): string => (request === null ? '' : `${jsonText(request)}\n`);

function rootOf(span: Span): Span {
  let root = span;
  while (root.parent !== null) root = root.parent;
  return root;
}
