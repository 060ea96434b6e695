/** Lookups, requests and waits as Perfetto and OpenTelemetry see them. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { afterAll, describe, expect, test } from 'vitest';
import { exportCapture } from '../../src/cli/export.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import type { OtlpSpan } from '../../src/output/writers/otlp.ts';
import { CAPTURE, Folder, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

interface Packet {
  readonly timestamp?: number;
  readonly trustedPacketSequenceId: number;
  readonly clockSnapshot?: { readonly clocks: readonly { readonly clockId: number; readonly timestamp: number }[] };
  readonly trackEvent?: {
    readonly type: number;
    readonly trackUuid: number;
    readonly name?: string;
    readonly categories: readonly string[];
    readonly debugAnnotations: readonly { readonly name: string; readonly intValue?: number; readonly stringValue?: string }[];
  };
  readonly trackDescriptor?: {
    readonly uuid: number;
    readonly name?: string;
    readonly parentUuid?: number;
    readonly process?: { readonly pid: number; readonly processName: string };
    readonly thread?: { readonly pid: number; readonly tid: number };
  };
}

function packets(): Packet[] {
  const file = folder.file('x.perfetto');
  expect(trowel('export', CAPTURE, '--format', 'perfetto', '-o', file).status).toBe(0);
  const Trace = protobuf.loadSync(join(packageRoot(), 'test/export/perfetto.proto')).lookupType('Trace');
  const decoded = Trace.toObject(Trace.decode(readFileSync(file)), { longs: Number, arrays: true }) as { packet: Packet[] };
  return decoded.packet;
}

describe('Perfetto', () => {
  const all = packets();
  const tracks = new Map(all.flatMap(({ trackDescriptor: track }) => (track === undefined ? [] : [[track.uuid, track] as const])));

  test('has its clocks first: the wall’s beside that of the trace', () => {
    expect(all[0]!.clockSnapshot!.clocks.map(({ clockId }) => clockId)).toEqual([6, 1]);
    expect(all[0]!.clockSnapshot!.clocks[1]!.timestamp).toBeGreaterThan(1.79e18);
  });

  test('every slice is on a track of a thread or a process that was announced before', () => {
    const seen = new Set<number>();
    for (const { trackDescriptor: track, trackEvent: event, trustedPacketSequenceId: sequence } of all) {
      expect(sequence).toBe(1);
      if (track !== undefined) {
        expect(track.parentUuid === undefined || seen.has(track.parentUuid)).toBe(true);
        seen.add(track.uuid);
      }
      if (event !== undefined) expect(seen.has(event.trackUuid)).toBe(true);
    }
    const top = (uuid: number): string => {
      const { parentUuid, name } = tracks.get(uuid)!;
      return parentUuid === undefined ? (name ?? '') : top(parentUuid);
    };
    for (const uuid of tracks.keys()) expect(top(uuid)).toMatch(/^(pod .*\/.*|node)$/);
  });

  test('slices of a track nest, and each that begins ends', () => {
    const byTrack = Map.groupBy(
      all.filter(({ trackEvent }) => trackEvent !== undefined),
      ({ trackEvent }) => trackEvent!.trackUuid,
    );
    for (const events of byTrack.values()) {
      const spans: { readonly from: number; to: number }[] = [];
      for (let i = 0; i < events.length; i += 2) {
        expect([events[i]!.trackEvent!.type, events[i + 1]!.trackEvent!.type]).toEqual([1, 2]);
        spans.push({ from: events[i]!.timestamp!, to: events[i + 1]!.timestamp! });
      }
      for (const a of spans) {
        expect(a.to).toBeGreaterThanOrEqual(a.from);
        for (const b of spans)
          expect(a.to <= b.from || b.to <= a.from || (a.from <= b.from && b.to <= a.to) || (b.from <= a.from && a.to <= b.to)).toBe(true);
      }
    }
  });

  test('the lookup is there with its attempts, its event and its result', () => {
    const begun = all.flatMap(({ trackEvent }) => (trackEvent?.type === 1 ? [trackEvent] : []));
    const lookup = begun.find(({ categories }) => categories[0] === 'lookup')!;
    expect(lookup.name).toBe('lookup backend.critical-app.svc.cluster.local');
    expect(lookup.debugAnnotations.find(({ name }) => name === 'dns.result')!.stringValue).toBe('NOERROR');
    expect(lookup.debugAnnotations.find(({ name }) => name === 'evt.num')!.intValue).toBeGreaterThan(185);
    expect(begun.filter(({ categories }) => categories[0] === 'attempt').length).toBeGreaterThanOrEqual(5);
  });
});

interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: unknown[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const spansIn = (requests: readonly TraceRequest[]) =>
  requests.flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));

describe('OTLP', () => {
  const { stdout, status } = trowel('export', CAPTURE, '--format', 'otlp');
  const requests = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TraceRequest);

  test('is one request a line, ids and times as OTLP/JSON writes them', () => {
    expect(status).toBe(0);
    for (const span of spansIn(requests)) {
      expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    }
  });

  test('children name parents that are there, of the same trace', () => {
    const byId = new Map(spansIn(requests).map((span) => [span.spanId, span]));
    const children = [...byId.values()].filter(({ parentSpanId }) => parentSpanId !== undefined);
    expect(children.length).toBeGreaterThan(5);
    for (const { parentSpanId, traceId } of children) expect(byId.get(parentSpanId!)!.traceId).toBe(traceId);
    const request = children.find(({ name }) => name === 'GET /');
    expect(byId.get(request!.parentSpanId!)!.kind).toBe(3);
    expect(request!.kind).toBe(2);
  });

  test('reaches a collector over HTTP, the same as in a file', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      expect([request.method, request.url, request.headers['content-type']]).toEqual(['POST', '/v1/traces', 'application/json']);
      request.on('data', (part: Buffer) => {
        body += part.toString();
      });
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    await exportCapture(CAPTURE, '', { format: 'otlp', over: '1ms', to: `http://127.0.0.1:${port}` });
    server.close();
    expect(bodies.join('')).toBe(stdout);
  });

  test('that a collector refuses is a failure', async () => {
    const server = createServer((_, response) => response.writeHead(503).end());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    await expect(exportCapture(CAPTURE, '', { format: 'otlp', over: '1ms', to: `http://127.0.0.1:${port}` })).rejects.toThrow(/503/);
    server.close();
  });
});
