import packet from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessage, ipv6Text, looksLikeDns } from '../../src/dns/message.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const name = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) => labels.join('.'));
const ipv4 = fc.ipV4();
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(ipv6Text);
const ttl = fc.integer({ min: 0, max: 2 ** 31 - 1 });

const answer = fc.oneof(
  fc.record({ type: fc.constant('A' as const), name, ttl, data: ipv4 }),
  fc.record({ type: fc.constant('AAAA' as const), name, ttl, data: ipv6 }),
  fc.record({ type: fc.constant('CNAME' as const), name, ttl, data: name }),
  fc.record({ type: fc.constant('PTR' as const), name, ttl, data: name }),
  fc.record({ type: fc.constant('NS' as const), name, ttl, data: name }),
  fc.record({
    type: fc.constant('SRV' as const),
    name,
    ttl,
    data: fc.record({ priority: fc.nat(9), weight: fc.nat(9), port: fc.nat(65535), target: name }),
  }),
);
const message = fc.record({
  id: fc.integer({ min: 0, max: 65535 }),
  response: fc.boolean(),
  flags: fc.constantFrom(0, packet.RECURSION_DESIRED, packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE, packet.AUTHORITATIVE_ANSWER),
  rcode: fc.constantFrom(0, 2, 3, 5),
  question: fc.record({ name, type: fc.constantFrom('A' as const, 'AAAA' as const, 'SRV' as const, 'TXT' as const) }),
  answers: fc.array(answer, { maxLength: 6 }),
});
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

function encode({ id, response, flags, rcode, question, answers }: Message): Buffer {
  return packet.encode({
    id,
    type: response ? 'response' : 'query',
    flags: response ? flags | rcode : flags & packet.RECURSION_DESIRED,
    questions: [{ ...question, class: 'IN' }],
    answers: response ? (answers as packet.Answer[]) : [],
  });
}

function dataText(record: Message['answers'][number]): string {
  if (record.type !== 'SRV') return record.data as string;
  const { priority, weight, port, target } = record.data;
  return `${priority} ${weight} ${port} ${target}`;
}

describe('decodeMessage', () => {
  test('reads what dns-packet writes', () => {
    fc.assert(
      fc.property(message, (wanted) => {
        const found = decodeMessage(encode(wanted))!;
        expect(found.cut).toBe(false);
        expect([found.id, found.response, found.question?.name, found.question?.type]).toEqual([
          wanted.id,
          wanted.response,
          wanted.question.name,
          wanted.question.type,
        ]);
        const records = wanted.response ? wanted.answers : [];
        expect(found.answers.map(({ name, type, ttl, data }) => [name, type, ttl, data])).toEqual(
          records.map((record) => [record.name, record.type, record.ttl, dataText(record)]),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('gives of a cut message what is there', () => {
    fc.assert(
      fc.property(message, fc.nat(), (wanted, cutAt) => {
        const bytes = encode(wanted);
        const at = cutAt % bytes.length;
        const found = decodeMessage(bytes.subarray(0, at));
        if (at < 12) {
          expect(found).toBeNull();
          return;
        }
        expect(found!.id).toBe(wanted.id);
        expect(found!.cut).toBe(true);
        expect(found!.answers.length).toBeLessThanOrEqual(wanted.answers.length);
      }),
      { numRuns: 500 },
    );
  });

  test('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void decodeMessage(bytes)),
      { numRuns: 3000 },
    );
  });

  test('does not follow a pointer to itself, nor one forwards', () => {
    const header = [0, 1, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0];
    for (const pointer of [
      [0xc0, 12],
      [0xc0, 14, 0xc0, 12],
      [1, 97, 0xc0, 12],
    ]) {
      const found = decodeMessage(Uint8Array.from([...header, ...pointer, 0, 1, 0, 1]))!;
      expect(found.cut).toBe(true);
    }
  });

  test('escapes what is no plain character in a name', () => {
    const bytes = Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 27, 46, 65, 0, 0, 1, 0, 1]);
    expect(decodeMessage(bytes)!.question!.name).toBe('\\027\\.A');
  });
});

describe('looksLikeDns', () => {
  test('knows a query and an answer on any port', () => {
    fc.assert(fc.property(message, (wanted) => looksLikeDns(encode({ ...wanted, answers: wanted.answers.slice(0, 6) }))));
  });

  test.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: backend\r\n\r\n')],
    ['NTP', Buffer.from('230102e8000000000000000000000000', 'hex')],
    ['zeros', Buffer.alloc(64)],
    ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
  ])('is not taken in by %s', (_, bytes) => expect(looksLikeDns(bytes)).toBe(false));

  test('random bytes hardly ever look like it', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 80 }), (bytes) => void (looksLikeDns(bytes) && taken++)),
      { numRuns: 5000 },
    );
    expect(taken).toBe(0);
  });
});
