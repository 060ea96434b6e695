import packet from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { DnsIndex } from '../../src/dns/index.ts';
import { findLookups, type Lookup } from '../../src/dns/lookup.ts';
import { Traces } from '../../src/dns/traces.ts';
import { EventFlag } from '../../src/model/chunk.ts';
import { MS, SECOND } from '../../src/model/time.ts';
import { EventsBuilder } from '../helpers/events.ts';

type Type = 'A' | 'AAAA' | 'PTR';
const [SERVFAIL, NXDOMAIN, REFUSED] = [2, 3, 5];
const FIRST = '10.96.0.10:53';
const SECOND_SERVER = '10.96.0.11:53';

interface Sent {
  readonly at: number;
  readonly fd: number;
  readonly id: number;
  readonly type?: Type;
  readonly name?: string;
  readonly call?: string;
}

/** A client that is told each of its messages and calls. */
class Script {
  readonly events = new EventsBuilder();
  readonly thread = this.events.thread();
  #port = 40_000;

  socket(
    server: string,
    spec: { readonly local?: string; readonly ino?: number; readonly l4proto?: number; readonly netns?: number } = {},
  ): number {
    const port = ++this.#port;
    return this.events.udp(spec.local ?? `10.0.0.1:${port}`, server, {
      ino: spec.ino ?? port,
      l4proto: spec.l4proto ?? 17,
      netns: spec.netns ?? 0,
    }).id;
  }

  reads(text: string): this {
    const file = this.events.fd({ name: '/etc/resolv.conf' });
    this.events.event({ type: 'read', time: 0, thread: this.thread.id, fd: file.id, res: text.length, data: text });
    return this;
  }

  ask({ at, fd, id, type = 'A', name = 'api.test', call = 'sendmmsg' }: Sent): this {
    return this.#message(at, fd, call, packet.encode({ id, type: 'query', flags: packet.RECURSION_DESIRED, questions: [{ name, type }] }));
  }

  answer({ at, fd, id, type = 'A', name = 'api.test', call = 'recvfrom' }: Sent, rcode = 0, address?: string, flags = 0): this {
    const answers: packet.Answer[] = address === undefined ? [] : [{ name, type: 'A', ttl: 30, data: address }];
    return this.#message(at, fd, call, packet.encode({ id, type: 'response', flags: flags | rcode, questions: [{ name, type }], answers }));
  }

  call(type: string, at: number, fd: number, res = 0): this {
    this.events.event({ type, time: at, latency: 0, thread: this.thread.id, fd, res });
    return this;
  }

  /** What the kernel says of a packet between a client's end and a server's. */
  drops(at: number, client: string, server: string, { netns = 0, reason = 'NO_SOCKET' } = {}): this {
    const fd = this.events.udp(client, server, { netns }).id;
    const args = [Buffer.from(reason), 1, 1];
    this.events.event({ type: 'packet_drop', time: at, latency: 0, fd, res: null, flags: EventFlag.ONE_SIDED, args });
    return this;
  }

  lookups(end = 100 * SECOND): Lookup[] {
    const { tables, chunk } = this.events;
    new DnsIndex(tables).add(chunk);
    return findLookups(tables, end, undefined, () => {
      const traces = new Traces(tables);
      traces.add(chunk);
      return traces;
    });
  }

  #message(time: number, fd: number, type: string, data: Uint8Array): this {
    this.events.event({ type, time, latency: 0, thread: this.thread.id, fd, res: data.length, data });
    return this;
  }
}

/** `AAAA 10.96.0.10:53 1 TIMEOUT 2000`: type, server, number of the try, result, ms. */
const tries = (lookup: Lookup | undefined) =>
  lookup?.attempts.flatMap((attempt) =>
    attempt.tries.map(({ qtype, server, nth, result, start, end }) => `${qtype} ${server} ${nth} ${result} ${(end - start) / MS}`),
  );

describe('each try has a result of its own', () => {
  test('the first of two servers is silent, the second answers', () => {
    const script = new Script();
    const [a, b] = [script.socket(FIRST), script.socket(SECOND_SERVER)];
    script.ask({ at: SECOND, fd: a, id: 1 }).ask({ at: SECOND, fd: a, id: 2, type: 'AAAA' });
    script.ask({ at: 4 * SECOND, fd: b, id: 1 }).ask({ at: 4 * SECOND, fd: b, id: 2, type: 'AAAA' });
    script.answer({ at: 4 * SECOND + MS, fd: b, id: 1 }, 0, '10.0.0.9').answer({ at: 4 * SECOND + 2 * MS, fd: b, id: 2, type: 'AAAA' });
    const [lookup, ...others] = script.lookups();
    expect(others).toEqual([]);
    expect(tries(lookup)).toEqual([
      `A ${FIRST} 1 TIMEOUT 3000`,
      `AAAA ${FIRST} 1 TIMEOUT 3000`,
      `A ${SECOND_SERVER} 1 NOERROR 1`,
      `AAAA ${SECOND_SERVER} 1 NODATA 2`,
    ]);
    expect(lookup).toMatchObject({ result: 'NOERROR', addresses: ['10.0.0.9'] });
  });

  test.each([
    ['SERVFAIL', SERVFAIL],
    ['REFUSED', REFUSED],
  ])('%s of the first server, and an answer of the second', (result, rcode) => {
    const script = new Script();
    const [a, b] = [script.socket(FIRST), script.socket(SECOND_SERVER)];
    script.ask({ at: SECOND, fd: a, id: 1 }).answer({ at: SECOND + MS, fd: a, id: 1 }, rcode);
    script.ask({ at: SECOND + 2 * MS, fd: b, id: 1 }).answer({ at: SECOND + 3 * MS, fd: b, id: 1 }, 0, '10.0.0.9');
    const [lookup, ...others] = script.lookups();
    expect(others).toEqual([]);
    expect(tries(lookup)).toEqual([`A ${FIRST} 1 ${result} 1`, `A ${SECOND_SERVER} 1 NOERROR 1`]);
  });

  test('A is answered, AAAA never: glibc asks one after the other under the same ids, and closes the socket', () => {
    const script = new Script();
    const [first, again] = [script.socket(FIRST), script.socket(FIRST)];
    script.ask({ at: SECOND, fd: first, id: 1 }).ask({ at: SECOND, fd: first, id: 2, type: 'AAAA' });
    script.answer({ at: SECOND + MS, fd: first, id: 1 }, 0, '10.0.0.9');
    script.ask({ at: 3 * SECOND, fd: first, id: 1, call: 'sendto' }).answer({ at: 3 * SECOND + MS, fd: first, id: 1 }, 0, '10.0.0.9');
    script.ask({ at: 3 * SECOND + MS, fd: first, id: 2, type: 'AAAA', call: 'sendto' });
    script.ask({ at: 5 * SECOND, fd: again, id: 1, call: 'sendto' }).answer({ at: 5 * SECOND + MS, fd: again, id: 1 }, 0, '10.0.0.9');
    script.ask({ at: 5 * SECOND + MS, fd: again, id: 2, type: 'AAAA', call: 'sendto' }).call('close', 7 * SECOND, again);
    const [lookup, ...others] = script.lookups();
    expect(others).toEqual([]);
    expect(tries(lookup)?.filter((one) => one.startsWith('AAAA'))).toEqual([
      `AAAA ${FIRST} 1 TIMEOUT 2001`,
      `AAAA ${FIRST} 2 TIMEOUT 2000`,
      `AAAA ${FIRST} 3 TIMEOUT 1999`,
    ]);
    expect(lookup).toMatchObject({ result: 'NOERROR', library: 'glibc', start: SECOND, end: 7 * SECOND });
  });

  test('musl asks all servers at once and does not wait for the others; with one type silent it fails', () => {
    const script = new Script().reads('nameserver 10.96.0.10\nnameserver 10.96.0.11\noptions timeout:2 attempts:2\n');
    const ends = { local: '0.0.0.0:40000', ino: 7 };
    const [a, b] = [script.socket(FIRST, ends), script.socket(SECOND_SERVER, ends)];
    for (const at of [SECOND, 2 * SECOND])
      for (const type of ['A', 'AAAA'] as const)
        for (const fd of [a, b])
          if (type === 'AAAA' || at === SECOND) script.ask({ at, fd, id: type === 'A' ? 1 : 2, type, call: 'sendto' });
    script.answer({ at: SECOND + MS, fd: b, id: 1 }, 0, '10.0.0.9').call('close', 3 * SECOND, b);
    const [lookup] = script.lookups();
    expect(tries(lookup)?.filter((one) => one.startsWith('A '))).toEqual([`A ${FIRST} 1 UNANSWERED 1`, `A ${SECOND_SERVER} 1 NOERROR 1`]);
    expect(lookup).toMatchObject({ result: 'TIMEOUT', library: 'musl', addresses: [], end: 3 * SECOND });
  });
});

describe('silence', () => {
  test.each([
    ['an error of the socket is unreachable', (script: Script, fd: number) => script.call('recvfrom', SECOND + MS, fd, -111).call('close', SECOND + 2 * MS, fd), 'UNREACHABLE', 'ECONNREFUSED'],
    ['a question that the kernel dropped at a port without a socket is unreachable', (script: Script, fd: number) => script.drops(SECOND + MS, '10.0.0.1:40001', FIRST).call('close', SECOND + 2 * MS, fd), 'UNREACHABLE', 'NO_SOCKET'],
    ['going on at once without an error is no proof', (script: Script, fd: number) => script.call('close', SECOND + 2 * MS, fd), 'UNANSWERED', null],
    ['a whole timeout', (script: Script, fd: number) => script.call('close', 6 * SECOND, fd), 'TIMEOUT', null],
  ] as const)('%s', (_, ends, result, error) => {
    const script = new Script();
    const fd = script.socket(FIRST);
    ends(script.ask({ at: SECOND, fd, id: 1 }), fd);
    expect(script.lookups()[0]!.attempts[0]!.tries[0]).toMatchObject({ result, error });
  }); // biome-ignore format: a table

  test.each([
    ['at the end of the server behind a service, where nobody listens', '10.0.0.1:40001', '10.244.0.4:53', { netns: 9 }, 'UNREACHABLE'],
    ['on its way, behind an address translation', '192.168.0.1:40001', FIRST, { netns: 9, reason: 'IP_INNOROUTES' }, 'UNREACHABLE'],
    ['of somebody else with the same port', '192.168.0.1:40001', '10.1.1.1:53', { netns: 9, reason: 'IP_INNOROUTES' }, 'UNANSWERED'],
  ] as const)('a question dropped %s', (_, client, server, spec, result) => {
    const script = new Script();
    const fd = script.socket(FIRST, { netns: 5 });
    script
      .ask({ at: SECOND, fd, id: 1 })
      .drops(SECOND + MS, client, server, spec)
      .call('close', SECOND + 2 * MS, fd);
    expect(script.lookups()[0]!.attempts[0]!.tries[0]).toMatchObject({ result, from: null });
  });

  test('a process that ends first cut the lookup off', () => {
    const script = new Script();
    script.ask({ at: SECOND, fd: script.socket(FIRST), id: 1 });
    script.thread.to = 3 * SECOND;
    expect(script.lookups()[0]).toMatchObject({ result: 'ABORTED', end: 3 * SECOND });
  });

  test('an answer from another address than asked is told with its sender', () => {
    const script = new Script();
    const fd = script.socket(FIRST, { local: '10.0.0.1:40000' });
    script
      .ask({ at: SECOND, fd, id: 1 })
      .drops(SECOND + MS, '10.0.0.1:40000', '10.244.0.4:53')
      .call('close', 6 * SECOND, fd);
    expect(script.lookups()[0]!.attempts[0]!.tries[0]).toMatchObject({ result: 'TIMEOUT', from: '10.244.0.4:53' });
  });

  test('an answer to a closed socket is late, and its server is there', () => {
    const script = new Script();
    const fd = script.socket(FIRST, { local: '10.0.0.1:40000' });
    script
      .ask({ at: SECOND, fd, id: 1 })
      .call('close', 6 * SECOND, fd)
      .drops(7 * SECOND, '10.0.0.1:40000', FIRST);
    expect(script.lookups()[0]!.attempts[0]!.tries[0]).toMatchObject({ result: 'TIMEOUT', error: null, late: 6 * SECOND });
  });
});

describe('a truncated answer', () => {
  function truncated(): { script: Script; tcp: number } {
    const script = new Script();
    const fd = script.socket(FIRST);
    script.ask({ at: SECOND, fd, id: 1 }).answer({ at: SECOND + MS, fd, id: 1 }, 0, undefined, packet.TRUNCATED_RESPONSE);
    script.call('close', SECOND + MS, fd);
    return { script, tcp: script.socket(FIRST, { l4proto: 6 }) };
  }

  test('is not the answer, and what became of TCP is told', () => {
    const { script, tcp } = truncated();
    script.call('connect', SECOND + 2 * MS, tcp, -111);
    const [lookup] = script.lookups();
    expect(tries(lookup)).toEqual([`A ${FIRST} 1 TRUNCATED 1`]);
    expect(lookup).toMatchObject({ result: 'TRUNCATED', end: SECOND + 2 * MS });
    expect(lookup!.attempts[0]!.tcp).toMatchObject({ server: FIRST, outcome: 'failed', error: 'ECONNREFUSED' });
  });

  test('is followed by the whole one over TCP, both types in one event', () => {
    const { script, tcp } = truncated();
    const framed = (bytes: Uint8Array) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
    const messages = (type: 'query' | 'response') =>
      (['A', 'AAAA'] as const).map((qtype, i) => {
        const answers: packet.Answer[] =
          type === 'response' && qtype === 'A' ? [{ name: 'api.test', type: 'A', ttl: 30, data: '10.0.0.9' }] : [];
        return framed(packet.encode({ id: i + 1, type, questions: [{ name: 'api.test', type: qtype }], answers }));
      });
    script.call('connect', SECOND + 2 * MS, tcp);
    for (const [type, call, at] of [['query', 'writev', 3], ['response', 'read', 5]] as const) {
      const data = Buffer.concat(messages(type));
      script.events.event({ type: call, time: SECOND + at * MS, latency: 0, thread: script.thread.id, fd: tcp, res: data.length, data });
    } // biome-ignore format: a list
    const [lookup, ...others] = script.lookups();
    expect(others).toEqual([]);
    expect(tries(lookup)).toEqual([`A ${FIRST} 1 TRUNCATED 1`, `A ${FIRST} 1 NOERROR 2`, `AAAA ${FIRST} 1 NODATA 2`]);
    expect(lookup).toMatchObject({ result: 'NOERROR', addresses: ['10.0.0.9'] });
  });
});

describe('what is one lookup', () => {
  test('a lookup made anew after one that failed has new ids', () => {
    const script = new Script();
    for (const [at, id] of [[SECOND, 1], [11 * SECOND, 3]] as const) {
      const fd = script.socket(FIRST);
      for (const again of [0, 5 * SECOND]) script.ask({ at: at + again, fd, id }).ask({ at: at + again, fd, id: id + 1, type: 'AAAA' });
    } // biome-ignore format: a list
    expect(script.lookups().map(({ start, result }) => [start, result])).toEqual([[SECOND, 'TIMEOUT'], [11 * SECOND, 'TIMEOUT']]); // biome-ignore format: a list
  });

  test('search domains that the file does not have belong to it, and the contradiction is told', () => {
    const script = new Script().reads('search x.test\nnameserver 10.96.0.10\n');
    const fd = script.socket(FIRST);
    script
      .ask({ at: SECOND, fd, id: 1, name: 'api.other.a.test' })
      .answer({ at: SECOND + MS, fd, id: 1, name: 'api.other.a.test' }, NXDOMAIN);
    script.ask({ at: SECOND + 2 * MS, fd, id: 2, name: 'api.other.b.test' });
    script.answer({ at: SECOND + 3 * MS, fd, id: 2, name: 'api.other.b.test' }, 0, '10.0.0.9');
    const [lookup, ...others] = script.lookups();
    expect(others).toEqual([]);
    expect(lookup).toMatchObject({ name: 'api.other', result: 'NOERROR' });
    expect(lookup!.contradictions).toEqual([expect.stringMatching(/a\.test and b\.test, not in the file’s search list/)]);
  });

  test('names that only begin alike are not one', () => {
    const script = new Script().reads('search x.test\nnameserver 10.96.0.10\n');
    const fd = script.socket(FIRST);
    for (const [i, name] of ['www.example.com', 'www.example.org'].entries()) {
      script.ask({ at: SECOND + i * MS, fd, id: i, name }).answer({ at: SECOND + i * MS, fd, id: i, name }, NXDOMAIN);
    }
    expect(script.lookups().map(({ name }) => name)).toEqual(['www.example.com', 'www.example.org']);
  });

  test.each([
    ['search a.test\r\nnameserver 10.96.0.10\r\n', '10.96.0.12:53', /asked 10\.96\.0\.12, no nameserver of the file, since the lines of the file end with CR LF/],
    ['nameserver fe80::1%eth0\n', '[fe80::1]:53', null],
    ['nameserver 10.96.0.9\n', FIRST, /asked 10\.96\.0\.10, no nameserver of the file/],
  ])('%j, asking %s', (text, server, told) => {
    const script = new Script().reads(text);
    const ends = server.startsWith('[') ? 'fe80::1:53' : server;
    const fd = script.socket(ends);
    script.ask({ at: SECOND, fd, id: 1 }).answer({ at: SECOND + MS, fd, id: 1 }, 0, '10.0.0.9');
    const [lookup] = script.lookups();
    expect(lookup!.attempts[0]!.server).toBe(server);
    expect(lookup!.contradictions).toEqual(told === null ? [] : [expect.stringMatching(told)]);
  }); // biome-ignore format: a table
});
