/**
 * Recording with a filter keeps what the same filter finds in a recording of everything. The kernel's part is played by a model of the
 * probe: what it would not let through is taken out of a capture, names and DNS are worked out anew from the rest, as a collector does.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Pushed, pushedOf, pushedText } from '../../src/collector/pushdown.ts';
import { DnsIndex } from '../../src/dns/index.ts';
import { lookupParts } from '../../src/dns/parts.ts';
import { needs } from '../../src/event/fields/field.ts';
import { FIELDS } from '../../src/event/fields/index.ts';
import { PassingHttp2 } from '../../src/event/http2/heads.ts';
import { type CaptureContext, EventView } from '../../src/event/view.ts';
import { compilePlan } from '../../src/filter/compile.ts';
import type { Plan } from '../../src/filter/plan.ts';
import { planFilter } from '../../src/filter/planner.ts';
import { type Chunk, OpenChunk } from '../../src/model/chunk.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { newTables } from '../../src/model/rows.ts';
import type { CaptureReader } from '../../src/store/reader.ts';
import { seeded } from '../bench/synthetic.ts';
import { letsThrough } from '../helpers/probe-model.ts';
import { Generator, type Sample, sample } from '../helpers/random-filters.ts';

const CAPTURES = join(packageRoot(), 'captures');
const PATHS = [CAPTURES, join(CAPTURES, 'http2'), join(CAPTURES, 'scenes')].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.trowel'))
    .map((name) => join(folder, name)),
);
const SEED = Number(process.env.PUSHDOWN_SEED ?? 20_261_128);
const FILTERS = 2500;

const PUSHABLE = FIELDS.filter(({ pushdown }) => pushdown !== undefined);
/** Half of the fields of a filter are such that the kernel can take something. */
const MIXED = [...Array.from({ length: Math.round(FIELDS.length / PUSHABLE.length) }, () => PUSHABLE).flat(), ...FIELDS];

/** A part of a capture, as a collector would have it that got nothing else. */
interface Recorded {
  readonly chunk: Chunk;
  readonly context: CaptureContext;
}

/** All of a small capture's events. */
function eventsOf(capture: CaptureReader): Chunk {
  const heads = [...capture.heads()];
  const whole = new OpenChunk(heads.reduce((sum, { n }) => sum + n, 0));
  for (const head of heads) whole.takeRange(capture.chunk(head), 0, head.n);
  return whole;
}

function recorded(capture: CaptureReader, events: Chunk, pushed: Pushed): Recorded {
  const kept = new OpenChunk(Math.max(1, events.n));
  const view = new EventView(plain(capture));
  for (let i = 0; i < events.n; i++) if (letsThrough(pushed, view.at(events, i))) kept.take(events, i);
  const tables = newTables();
  for (const row of capture.dims.types.all()) tables.types.put(row);
  for (const row of capture.dims.threads.all()) tables.threads.put(row);
  for (const row of capture.dims.processes.all()) tables.processes.put(row);
  const used = new Set(kept.fd.subarray(0, kept.n));
  for (const row of capture.dims.fds.all()) if (used.has(row.id)) tables.fds.put(row);
  new DnsIndex(tables).add(kept);
  const dims = { ...capture.dims, fds: tables.fds, dns: tables.dns, dnsSockets: tables.dnsSockets, resolvers: tables.resolvers };
  const end = events.time[events.n - 1] ?? 0;
  const http2 = new PassingHttp2(dims);
  http2.pass(kept);
  return { chunk: kept, context: { ...plain(capture), dims, lookupPart: lookupParts(dims, () => end), http2 } };
}

function plain({ dims, epoch }: CaptureReader): CaptureContext {
  return { dims, epoch, hostname: 'node', growing: false };
}

function matching(plan: Plan | null, { chunk, context }: Recorded): number[] {
  const { step } = compilePlan(plan, context);
  const all = Uint16Array.from({ length: chunk.n }, (_, i) => i);
  const out = new Uint16Array(chunk.n);
  const n = step === null ? chunk.n : step.select(chunk, all, chunk.n, out);
  return Array.from((step === null ? all : out).subarray(0, n), (i) => chunk.num[i]!);
}

/** Empty, or what recording with the filter would have missed and what it would have stored too much. */
function difference(text: string, capture: CaptureReader, events: Chunk, whole: Recorded): string {
  const { plan } = planFilter(text);
  const pushed = pushedOf(plan);
  const after = matching(plan, whole);
  const during = matching(plan, recorded(capture, events, pushed));
  return after.join() === during.join() ? '' : `kernel: ${pushedText(pushed).join(' and ')}\n  after   ${after}\n  during  ${during}`;
}

function withCapture(path: string, work: (taken: Sample, events: Chunk, whole: Recorded) => void): void {
  const taken = sample(path);
  const events = eventsOf(taken.capture);
  work(taken, events, recorded(taken.capture, events, {}));
  taken.capture.close();
}

describe('recording with a filter keeps what it finds afterwards', () => {
  test('of random filters', () => {
    let restricted = 0;
    const random = seeded(SEED);
    for (const path of PATHS)
      withCapture(path, (taken, events, whole) => {
        const generators = [new Generator(random, taken, PUSHABLE), new Generator(random, taken, MIXED)];
        for (let made = 0; made < FILTERS / PATHS.length; made++) {
          const text = generators[made % 2]!.filter();
          const found = difference(text, taken.capture, events, whole);
          if (found !== '') expect.fail(`seed ${SEED}, ${path}, filter ${made}: ${text}\n  ${found}`);
          if (Object.keys(pushedOf(planFilter(text).plan)).length > 0) restricted++;
        }
      });
    expect(restricted).toBeGreaterThan(FILTERS / 12);
  }, 240_000);

  const others = FIELDS.filter((field) => needs(field, 'socket events') || needs(field, 'every event') || field.scope === 'dns');

  test('of each field that is told by other events, beside something that the kernel could take', () => {
    withCapture(join(CAPTURES, 'critical-app.trowel'), (taken, events, whole) => {
      const random = seeded(SEED);
      for (const field of others) {
        const told = new Generator(random, taken, [field]);
        const taker = new Generator(random, taken, PUSHABLE);
        for (let k = 0; k < 12; k++) {
          const text = `${taker.check()} ${k % 3 === 0 ? 'or' : 'and'} ${told.check()}`;
          const found = difference(text, taken.capture, events, whole);
          if (found !== '') expect.fail(`seed ${SEED}: ${text}\n  ${found}`);
        }
      }
    });
  }, 120_000);

  test.each([
    'proc.pid=1',
    'proc.ppid=1',
    'evt.type=sendto and dns.answered=true',
    'evt.type in (recvfrom, read) and dns.latency>0',
    'proc.name=curl and dns.lookup.queries>1',
    'fd.type=ipv4 and dns.ndots>0',
    'evt.type=connect and fd.sip.name exists',
    'evt.latency>1ms and fd.sip.name exists',
    'proc.name=curl and net.nat.dst exists',
    'proc.name=curl and evt.deltatime<1ms',
  ])('of %s, in the shipped capture', (text) => {
    withCapture(join(CAPTURES, 'critical-app.trowel'), ({ capture }, events, whole) => {
      expect(difference(text, capture, events, whole)).toBe('');
    });
  });

  test.each([
    'evt.type=write and http.status=404',
    'evt.latency>20us and http.status exists',
    'fd.port=8080 and evt.type in (read, write) and http.uri exists',
    'proc.name=MainThread and grpc.status>0',
  ])('of %s, in a capture with HTTP/2', (text) => {
    withCapture(join(CAPTURES, 'http2/http2.trowel'), ({ capture }, events, whole) => {
      expect(difference(text, capture, events, whole)).toBe('');
    });
  });
});
