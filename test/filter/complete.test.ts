import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIELDS } from '../../src/event/fields/index.ts';
import { complete } from '../../src/filter/complete.ts';

/** The candidates' texts at the end of a filter. */
const offered = (text: string) => complete(text, text.length).candidates.map((candidate) => candidate.text);

describe('completion', () => {
  test.each<[string, string[]]>([
    ['', ['evt.num', 'evt.time']],
    ['dns.q', ['dns.qr', 'dns.qname', 'dns.qtype', 'dns.qclass']],
    ['qname', ['dns.qname']],
    ['DNS.QN', ['dns.qname']],
    ['not proc.nam', ['proc.name']],
    ['(proc.nam', ['proc.name']],
    ['fd.num=3 and dns.rco', ['dns.rcode']],
    ['proc.name', ['proc.name exists', 'proc.name=']],
    ['proc.name ', ['exists', '=']],
    ['evt.num ', ['exists', '=', '!=', 'in', '<']],
    ['proc.name st', ['startswith']],
    ['evt.type=ope', ['open', 'openat', 'openat2']],
    ['evt.type in (open, pol', ['poll']],
    ['evt.failed=', ['true', 'false']],
    ['dns.rcode=NX', ['NXDOMAIN']],
    ['proc.name=curl ', ['and', 'or']],
    ['evt.type in (open) ', ['and', 'or']],
    ['proc.name exists ', ['and', 'or']],
    ['proc.name=curl o', ['or']],
    ['proc.name=', []],
    ['nosuch.field=1 ', []],
  ])('%j offers %j first', (text, first) => {
    const texts = offered(text);
    expect(texts.slice(0, first.length)).toEqual(first);
    if (first.length === 0) expect(texts).toEqual([]);
  });

  test('stands for the word at the cursor, wherever that is', () => {
    expect(complete('dns.qn and proc.name=curl', 6)).toMatchObject({ span: { start: 0, end: 6 }, candidates: [{ text: 'dns.qname' }] });
  });

  test('every field that filters can be completed', () => {
    for (const { name, only } of FIELDS) if (only !== 'print') expect(offered(name.slice(0, -1))).toContain(name);
  });

  test('no text and no cursor makes it fail', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(30), (text, cursor) => {
        const { span } = complete(text, Math.min(cursor, text.length));
        expect(span.end).toBe(Math.min(cursor, text.length));
        expect(span.start).toBeLessThanOrEqual(span.end);
      }),
    );
  });
});
