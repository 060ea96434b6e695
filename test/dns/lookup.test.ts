import packet from 'dns-packet';
import { describe, expect, test } from 'vitest';
import { DnsIndex } from '../../src/dns/index.ts';
import { findLookups, type Lookup } from '../../src/dns/lookup.ts';
import { MS, SECOND } from '../../src/model/time.ts';
import { dnsTraffic, type Traffic } from '../helpers/dns-traffic.ts';
import { EventsBuilder } from '../helpers/events.ts';

const SEARCH = 'nameserver 10.3.0.10\nsearch app.svc.cluster.local svc.cluster.local cluster.local localdomain\noptions ndots:5\n';
const NAME = 'backend.app.svc.cluster.local';

/** A client and its resolver, by what is seen on the client's sockets. */
class Client {
  readonly events = new EventsBuilder();
  readonly thread;
  #port = 40_000;
  #id = 1;

  constructor(resolvConf: string | null = SEARCH) {
    this.thread = this.events.thread().id;
    if (resolvConf === null) return;
    const file = this.events.fd({ name: '/etc/resolv.conf' });
    this.events.event({ type: 'read', time: 0, thread: this.thread, fd: file.id, res: resolvConf.length, data: resolvConf });
  }

  /** Asks for A and AAAA at `time`; answered after `after` ns with a code, or not at all. */
  ask(name: string, time: number, answer: { after: number; rcode?: number; address?: string } | null, repeatAfter?: number): void {
    const fd = this.events.udp(`172.17.0.7:${++this.#port}`, '10.3.0.10:53', { ino: this.#port }).id;
    const ids = { A: this.#id++, AAAA: this.#id++ };
    for (const at of repeatAfter === undefined ? [time] : [time, time + repeatAfter]) {
      for (const type of ['A', 'AAAA'] as const) {
        const data = packet.encode({ id: ids[type], type: 'query', flags: packet.RECURSION_DESIRED, questions: [{ name, type }] });
        this.events.event({ type: 'sendmmsg', time: at, latency: 0, thread: this.thread, fd, res: data.length, data });
      }
    }
    if (answer === null) return;
    for (const type of ['A', 'AAAA'] as const) {
      const answers: packet.Answer[] =
        answer.address !== undefined && type === 'A' ? [{ name, type: 'A', ttl: 30, data: answer.address }] : [];
      const data = packet.encode({
        id: ids[type],
        type: 'response',
        flags: packet.RECURSION_AVAILABLE | (answer.rcode ?? 0),
        questions: [{ name, type }],
        answers,
      });
      this.events.event({
        type: 'recvfrom',
        time: time + (repeatAfter ?? 0) + answer.after,
        thread: this.thread,
        fd,
        res: data.length,
        data,
      });
    }
  }

  lookups(end = 100 * SECOND): Lookup[] {
    new DnsIndex(this.events.tables).add(this.events.chunk);
    return findLookups(this.events.tables, end);
  }
}

const NXDOMAIN = 3;
const shape = (lookup: Lookup) => lookup.attempts.map(({ suffix, result, start, end }) => [suffix, result, (end - start) / MS]);

describe('a lookup through the search list', () => {
  function stall(resolvConf: string | null): Lookup[] {
    const client = new Client(resolvConf);
    client.ask(`${NAME}.app.svc.cluster.local`, 1 * SECOND, { after: 2 * MS, rcode: NXDOMAIN });
    client.ask(`${NAME}.svc.cluster.local`, 1 * SECOND + 2 * MS, { after: 1 * MS, rcode: NXDOMAIN });
    client.ask(`${NAME}.cluster.local`, 1 * SECOND + 3 * MS, { after: 1 * MS, rcode: NXDOMAIN });
    client.ask(`${NAME}.localdomain`, 1 * SECOND + 4 * MS, null, 5 * SECOND);
    client.ask(NAME, 11 * SECOND + 4 * MS, { after: 1 * MS, address: '10.3.0.214' });
    return client.lookups();
  }

  test.each([
    ['with the resolv.conf that the process read', SEARCH],
    ['from its queries alone', null],
  ])('is one, of five attempts, %s', (_, resolvConf) => {
    const [lookup, ...others] = stall(resolvConf);
    expect(others).toEqual([]);
    expect(shape(lookup!)).toEqual([
      ['app.svc.cluster.local', 'NXDOMAIN', 2],
      ['svc.cluster.local', 'NXDOMAIN', 1],
      ['cluster.local', 'NXDOMAIN', 1],
      ['localdomain', 'TIMEOUT', 10_000],
      ['', 'NOERROR', 1],
    ]);
    expect(lookup).toMatchObject({ name: NAME, result: 'NOERROR', addresses: ['10.3.0.214'] });
    expect(lookup!.resolver).toMatchObject({ source: resolvConf === null ? 'inferred' : 'read', ndots: 5 });
    expect(lookup!.attempts[3]!.queries.map(({ attempt }) => attempt)).toEqual([1, 1, 2, 2]);
  });

  test('that ends with the first suffix has the short name', () => {
    const client = new Client();
    client.ask('backend.app.svc.cluster.local', SECOND, { after: MS, address: '10.3.0.214' });
    const [lookup] = client.lookups();
    expect(lookup).toMatchObject({ name: 'backend', result: 'NOERROR' });
    expect(lookup!.attempts[0]!.suffix).toBe('app.svc.cluster.local');
  });

  test('given up by the resolver is a timeout; cut off by the end of the capture it is unanswered', () => {
    const client = () => {
      const made = new Client();
      made.ask(NAME, SECOND, null, 5 * SECOND);
      return made;
    };
    expect(client().lookups(100 * SECOND)[0]).toMatchObject({ result: 'TIMEOUT', end: 11 * SECOND });
    expect(client().lookups(8 * SECOND)[0]).toMatchObject({ result: 'UNANSWERED', end: 8 * SECOND });
  });
});

describe('separate lookups', () => {
  test('of the same name, one after the other', () => {
    const client = new Client();
    client.ask('backend.app.svc.cluster.local', 1 * SECOND, { after: MS, address: '10.3.0.214' });
    client.ask('backend.app.svc.cluster.local', 2 * SECOND, { after: MS, address: '10.3.0.214' });
    expect(client.lookups()).toHaveLength(2);
  });

  test('of different names with equal first labels', () => {
    const client = new Client();
    client.ask('www.example.com', 1 * SECOND, { after: MS, address: '192.0.2.1' });
    client.ask('www.example.org', 2 * SECOND, { after: MS, address: '192.0.2.2' });
    expect(client.lookups().map(({ name }) => name)).toEqual(['www.example.com', 'www.example.org']);
  });
});

describe('many lookups', () => {
  test.each(['search', 'failing', 'one type', 'unanswered'] satisfies Traffic[])('are found in linear time: %s', (traffic) => {
    const { tables, lookups } = dnsTraffic(traffic, 100_000);
    const { user } = process.cpuUsage();
    expect(findLookups(tables, 1000 * SECOND)).toHaveLength(lookups);
    expect((process.cpuUsage().user - user) / 1e6).toBeLessThan(5);
  });
});
