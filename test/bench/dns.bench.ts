/** Lookups out of many messages: their cost grows with the messages, whatever is asked and whether it is answered. */
import packet from 'dns-packet';
import { Chain } from '../../src/dns/chain.ts';
import { allMessages } from '../../src/dns/implied.ts';
import { DnsIndex } from '../../src/dns/index.ts';
import { findLookups } from '../../src/dns/lookup.ts';
import { lookupParts } from '../../src/dns/parts.ts';
import { CHUNK_EVENTS } from '../../src/model/chunk.ts';
import { MS, SECOND } from '../../src/model/time.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { assertEqual, cpuNs, report } from './measure.ts';

const MESSAGES = 163_000;
const BUDGET_MS = 2000;

interface Load {
  readonly name: string;
  /** Name of the i-th lookup. */
  readonly asks: (i: number) => string;
  readonly answered: boolean;
  readonly pauseNs: number;
  /** The id of its questions; left out: another for each. */
  readonly id?: number;
}

const LOADS: readonly Load[] = [
  { name: 'one name, found', asks: () => 'backend.app.svc.cluster.local', answered: true, pauseNs: MS },
  { name: 'one name, never answered', asks: () => 'backend.app.svc.cluster.local', answered: false, pauseNs: MS },
  { name: 'one name, never answered, under one id', asks: () => 'backend.app.svc.cluster.local', answered: false, pauseNs: MS, id: 7 },
  { name: 'names that begin alike, never answered', asks: (i) => `backend.ns${i}.svc.cluster.local`, answered: false, pauseNs: MS },
  { name: 'names of many kinds, found', asks: (i) => `web-${i % 5000}.app.svc.cluster.local`, answered: true, pauseNs: MS },
];

/** A client's messages of a load, in chunks as they come. */
function messagesOf({ asks, answered, pauseNs, id }: Load): EventsBuilder['tables'] {
  const first = new EventsBuilder();
  const { tables } = first;
  const thread = first.thread().id;
  const index = new DnsIndex(tables);
  const fds = Array.from({ length: 512 }, (_, k) => first.udp(`172.17.0.7:${20_000 + k}`, '10.3.0.10:53', { ino: k + 1 }).id);
  const perLookup = answered ? 4 : 2;
  let events = first;
  let num = 0;
  const flush = () => {
    for (let i = 0; i < events.chunk.n; i++) events.chunk.num[i] = ++num;
    index.add(events.chunk);
    events = new EventsBuilder();
  };
  for (let i = 0; i < MESSAGES / perLookup; i++) {
    const time = (i + 1) * pauseNs;
    const fd = fds[i % fds.length]!;
    for (const response of answered ? [false, true] : [false])
      for (const [k, type] of (['A', 'AAAA'] as const).entries()) {
        const name = asks(i);
        const questionId = id ?? (i * 2 + k) % 65_536;
        const answers: packet.Answer[] = response && type === 'A' ? [{ name, type, ttl: 30, data: '10.3.0.214' }] : [];
        const data = packet.encode({ id: questionId, type: response ? 'response' : 'query', questions: [{ name, type }], answers });
        const type_ = response ? 'recvfrom' : 'sendto';
        events.event({ type: type_, time: time + (response ? MS / 2 : 0), latency: 0, thread, fd, res: data.length, data });
      }
    if (events.chunk.n + 4 > CHUNK_EVENTS) flush();
  }
  flush();
  return tables;
}

for (const load of LOADS) {
  const tables = messagesOf(load);
  assertEqual(tables.dns.size >= MESSAGES - 4, true, `messages of ${load.name}`);
  const end = 1000 * SECOND;
  let lookups = 0;
  report(`${load.name}: lookups`, cpuNs(2, () => { lookups = findLookups(tables, end).length; }) / MS, 'ms', BUDGET_MS); // biome-ignore format: one line a figure
  console.log(`    ${lookups} lookups`);
  report(`${load.name}: parts of all messages`, cpuNs(2, () => { const partOf = lookupParts(tables, () => end); for (const { num } of tables.dns.all()) partOf(num); }) / MS, 'ms', BUDGET_MS); // biome-ignore format: one line a figure
  report(`${load.name}: chain`, cpuNs(2, () => { const messages = allMessages(tables); const chain = new Chain(tables, messages); for (const row of messages) if (!row.response) chain.hop(row); }) / MS, 'ms', BUDGET_MS); // biome-ignore format: one line a figure
}
