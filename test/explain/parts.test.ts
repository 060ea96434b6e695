import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { extract } from '../../src/store/extract.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const CAPTURE = 'captures/critical-app.trowel';
const folder = mkdtempSync(join(tmpdir(), 'trowel-parts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let n = 0;

/** What is left of the shipped capture by a filter. */
function part(filter: string): CaptureReader {
  const capture = new CaptureReader(CAPTURE);
  const path = join(folder, `${++n}.trowel`);
  extract(capture, compileFilter(filter, { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false }), path);
  capture.close();
  return new CaptureReader(path);
}

const causeOf = (filter: string) => explain(part(filter), { over: 100 * MS, pids: null }).story?.causes[0] ?? null;

test.each([
  ['evt.num>0', 'dns-search-domain-silent', /asked 10\.88\.0\.53:53 4 times/],
  ['proc.name=curl', 'dns-search-domain-silent', /search domain localdomain/],
  ['dns.id exists', 'dns-search-domain-silent', /asked 10\.88\.0\.53:53 4 times/],
  ['proc.name=curl and not evt.is_wait=true', 'dns-search-domain-silent', /waited 10\.0/],
  ['not fd.name contains resolv.conf', 'dns-search-domain-silent', /search domain localdomain/],
])('explains what is left by %s', (filter, id, says) => {
  const cause = causeOf(filter);
  expect(cause?.id).toBe(id);
  expect(cause && sentenceOf(cause)).toMatch(says);
});

test.each(['proc.name=skydns', 'evt.category=file', 'evt.num>810', 'evt.num<0'])('blames nobody by %s', (filter) => {
  expect(causeOf(filter)).toBeNull();
});

test('says something, and never falls, whatever is missing', () => {
  const clause = fc.oneof(
    fc.tuple(fc.constantFrom('<', '>'), fc.integer({ min: 1, max: 900 })).map(([op, num]) => `evt.num${op}${num}`),
    fc.constantFrom(
      'proc.name=curl',
      'proc.name=skydns',
      'evt.is_wait=true',
      'evt.is_io_read=true',
      'evt.is_io_write=true',
      'fd.type=ipv4',
      'dns.qr=query',
    ),
  );
  const filter = fc.array(fc.tuple(fc.boolean(), clause), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(filter, (clauses) => {
      const text = clauses.map(([not, one]) => (not ? `not ${one}` : one)).join(' and ');
      const { story } = explain(part(text), { over: MS, pids: null });
      if (story === null) return;
      const total = story.phases.reduce((sum, { duration }) => sum + duration, 0);
      expect(total, text).toBeLessThanOrEqual((story.end - story.start) * 1.000001 + 1);
      for (const { start, end } of story.phases) expect(start >= story.start && end <= story.end, text).toBe(true);
    }),
    { numRuns: 60 },
  );
});
