/** Much name resolution by one process, as rows: for what must not become slow with it. */
import { findLookups, type Lookup } from '../../src/dns/lookup.ts';
import type { DimensionTables } from '../../src/model/rows.ts';
import { MS } from '../../src/model/time.ts';
import { EventsBuilder } from './events.ts';

/**
 * `search`: the search list is gone through, the last name has an address. `failing`: no name exists. `one type`: A alone is
 * asked for. `unanswered`: one name, again and again.
 */
export type Traffic = 'search' | 'failing' | 'one type' | 'unanswered';

const SUFFIXES = ['.app.svc.cluster.local', '.svc.cluster.local', '.cluster.local', ''];

/** Tables with `messages` DNS messages, 0.1 ms apart, and how many lookups they are. */
export function dnsTraffic(traffic: Traffic, messages: number): { readonly tables: DimensionTables; readonly lookups: number } {
  const events = new EventsBuilder();
  const thread = events.thread().id;
  const fd = events.udp('172.17.0.7:40000', '10.3.0.10:53').id;
  let num = 0;
  const ask = (qname: string, qtype: string, answer: 'address' | 'NXDOMAIN' | null) => {
    const query = num + 1;
    num += answer === null ? 1 : 2;
    const base = {
      thread, fd, call: 'sendto', transport: 'udp', protocol: 'dns', side: 'client', server: '10.3.0.10:53', messageId: query & 0xffff, qname,
      qtype, qclass: 'IN', flags: [], cut: false, latency: answer === null ? null : 0.1 * MS, attempt: 1,
    } as const; // biome-ignore format: a row
    const time = query * 0.1 * MS;
    const partner = answer === null ? null : num;
    events.tables.dns.add({ ...base, num: query, time, start: time, response: false, rcode: null, answers: [], partner });
    if (answer === null) return;
    const rcode = answer === 'address' ? 'NOERROR' : answer;
    const answers = answer === 'address' && qtype === 'A' ? [{ name: qname, type: 'A', ttl: 30, data: '10.3.0.214' }] : [];
    const answered = time + 0.1 * MS;
    events.tables.dns.add({ ...base, num, time: answered, start: answered, response: true, rcode, answers, partner: query });
  };
  let lookups = 0;
  while (num < messages) {
    if (traffic === 'one type') ask('backend', 'A', 'address');
    else if (traffic === 'unanswered') ask('backend', 'A', null);
    else {
      const last = traffic === 'search' ? 'address' : 'NXDOMAIN';
      for (const suffix of SUFFIXES) for (const type of ['A', 'AAAA']) ask(`backend${suffix}`, type, suffix === '' ? last : 'NXDOMAIN');
    }
    lookups++;
  }
  return { tables: events.tables, lookups: traffic === 'unanswered' ? 1 : lookups };
}

/** Questions for A one after another by one process: with what each was answered (null: not at all) after so many ns. */
export function questions(asked: readonly (readonly [name: string, rcode: string | null, ns: number])[]): Lookup[] {
  const events = new EventsBuilder();
  const base = {
    thread: events.thread().id, fd: events.udp('172.17.0.7:40000', '10.3.0.10:53').id, call: 'sendto', transport: 'udp', protocol: 'dns',
    side: 'client', server: '10.3.0.10:53', qtype: 'A', qclass: 'IN', flags: [], cut: false, attempt: 1,
  } as const; // biome-ignore format: a row
  let [time, num] = [0, 0];
  for (const [qname, rcode, ns] of asked) {
    const [query, answer] = [num + 1, num + 2];
    const row = { ...base, qname, messageId: query };
    const latency = rcode === null ? null : ns;
    events.tables.dns.add({
      ...row,
      num: query,
      time,
      start: time,
      response: false,
      rcode: null,
      answers: [],
      latency,
      partner: rcode === null ? null : answer,
    });
    time += ns;
    const answers = rcode === 'NOERROR' ? [{ name: qname, type: 'A', ttl: 30, data: '10.3.0.214' }] : [];
    if (rcode !== null)
      events.tables.dns.add({ ...row, num: answer, time, start: time, response: true, rcode, answers, latency, partner: query });
    num += 2;
  }
  return findLookups(events.tables, time);
}
