/** Names that are not answered, answered with a failure, or answered late. */
import { parseResolvConf } from '../../dns/resolv.ts';
import type { DnsRow } from '../../model/dns.ts';
import { spanText } from '../../model/time.ts';
import { type Check, command, type Finding, finding, isExplained } from '../check.ts';
import { type Examined, questionOf, times } from '../examined.ts';

export const dnsUnanswered: Check = {
  id: 'dns-unanswered',
  title: 'questions for names have no answer',
  read(examined, before) {
    return byServer(examined.unanswered.filter(({ server }) => !isExplained(before, server))).map(([server, rows]) => {
      const upstream = forwarded(examined, rows);
      const names = namesOf(rows);
      const suffix = searchSuffix(examined, rows);
      const where =
        upstream.length === 0
          ? ''
          : `; the server asked ${[...new Set(upstream.map((row) => row.server))].join(', ')} ${times(upstream.length, 'time')} and had no answer either`;
      return finding(
        'dns-unanswered',
        'critical',
        `${times(rows.length, 'question')} to ${server}${nameOf(examined, server)} had no answer: ${names}${suffix === '' ? '' : `, made by search domain ${suffix}`}${where}`,
        {
          affected: rows.map((row) => examined.who(examined.netnsOf(row), row.thread)),
          events: [...rows, ...upstream].map(({ num }) => num),
          confidence: upstream.length > 0 ? 0.95 : 0.85,
          unseen: upstream.length > 0 ? ['the upstream server'] : ['the DNS server, where it is not on this node'],
          fixes:
            suffix === ''
              ? [command`dig @${server.replace(/:\d+$/, '')} NAME`]
              : [
                  'ask with a dot at the end, or lower ndots in the pod’s dnsConfig',
                  `take ${suffix} out of the search list`,
                  'let the DNS server answer it itself instead of asking upstream',
                ],
          explains: [server],
        },
      );
    });
  },
};

/** The same questions as the server passed them on, and had no answer. */
function forwarded(examined: Examined, rows: readonly DnsRow[]): DnsRow[] {
  const asked = new Set(rows.map(({ qname, qtype }) => `${qtype} ${qname.toLowerCase()}`));
  return [...examined.dims.dns.all()].filter(
    (row) =>
      row.side === 'forward' &&
      !row.response &&
      row.partner === null &&
      asked.has(`${row.qtype} ${row.qname.toLowerCase()}`) &&
      examined.inScope(examined.netnsOf(row)),
  );
}

/** A search domain, outside the cluster's, that all these names end with; empty: none. */
function searchSuffix(examined: Examined, rows: readonly DnsRow[]): string {
  const files = examined.node.at('resolver', examined.end).map(({ value }) => value.resolvConf);
  const read = [...examined.dims.resolvers.all()].map(({ text }) => text);
  const domains = [...files, ...read].flatMap((text) => parseResolvConf(text).search);
  const foreign = [...new Set(domains)].filter((domain) => !/(^|\.)cluster\.local$/.test(domain));
  return foreign.find((domain) => rows.every(({ qname }) => qname.toLowerCase().endsWith(`.${domain}`))) ?? '';
}

export const dnsFailed: Check = {
  id: 'dns-servfail',
  title: 'the DNS server answers that it failed',
  read(examined) {
    const rows = [...examined.dims.dns.all()].filter(
      (row) =>
        row.response &&
        row.side === 'client' &&
        (row.rcode === 'SERVFAIL' || row.rcode === 'REFUSED') &&
        examined.inScope(examined.netnsOf(row)),
    );
    return byServer(rows).map(([server, all]) => {
      const upstream = forwarded(examined, all);
      const asked = [...new Set(upstream.map((row) => row.server))];
      const codes = [...new Set(all.map(({ rcode }) => rcode))].join(', ');
      const why = upstream.length === 0 ? '' : `; it had asked ${asked.join(', ')} ${times(upstream.length, 'time')} without an answer`;
      const verdict = `${server}${nameOf(examined, server)} answered ${times(all.length, 'question')} with ${codes}: ${namesOf(all)}${why}`;
      return finding('dns-servfail', 'critical', verdict, {
        affected: all.map((row) => examined.who(examined.netnsOf(row), row.thread)),
        events: [...all, ...upstream].map(({ num }) => num),
        confidence: upstream.length > 0 ? 0.95 : 0.9,
        fixes: [
          'look at the log of the DNS server',
          asked.length === 0 ? 'can it reach its upstream servers?' : command`dig @${asked[0]?.replace(/:\d+$/, '')} NAME`,
        ],
      });
    });
  },
};

/** How long a resolver waits before it asks again: glibc 5 s, musl and Go less. */
const RETRY = 4.5e9;

export const dnsRace: Check = {
  id: 'dns-race',
  title: 'of two questions at once one was lost',
  read(examined, before) {
    const queries = [...examined.dims.dns.all()].filter(
      (row) =>
        !row.response &&
        row.side === 'client' &&
        row.transport === 'udp' &&
        !isExplained(before, row.server) &&
        examined.inScope(examined.netnsOf(row)),
    );
    const lost = queries.filter(
      (row) => row.attempt === 1 && (row.partner === null || (row.latency ?? 0) > RETRY) && (row.qtype === 'A' || row.qtype === 'AAAA'),
    );
    const onSocket = Map.groupBy(queries, ({ fd }) => fd);
    const races = lost.filter(
      (row) =>
        onSocket
          .get(row.fd)!
          .some(
            (other) =>
              other !== row &&
              other.fd === row.fd &&
              other.qname === row.qname &&
              other.qtype !== row.qtype &&
              Math.abs(other.start - row.start) < 5e6 &&
              other.attempt === 1 &&
              other.latency !== null &&
              other.latency < RETRY,
          ) && queries.some((again) => again.attempt > 1 && again.fd === row.fd && again.qname === row.qname && again.qtype === row.qtype),
    );
    if (races.length === 0) return [];
    const failed = examined.node.growth('conntrack', examined.node.host).get('');
    const inserts =
      failed?.first.kind === 'conntrack' && failed.last.kind === 'conntrack'
        ? numberOf(failed.last.value, 'insertFailed') - numberOf(failed.first.value, 'insertFailed')
        : 0;
    return [
      finding(
        'dns-race',
        'warning',
        `of A and AAAA sent at once on one socket one was lost ${times(races.length, 'time')}, and asked again seconds later: ${namesOf(races)}; the mark of a race in the table of connections`,
        {
          affected: races.map((row) => examined.who(examined.netnsOf(row), row.thread)),
          events: races.map(({ num }) => num),
          facts: inserts > 0 ? [{ time: failed!.last.from, text: `insert_failed of conntrack grew by ${inserts}` }] : [],
          confidence: inserts > 0 ? 0.9 : 0.6,
          unseen: inserts > 0 ? [] : ['insert_failed of conntrack did not grow, or was not read'],
          fixes: ['run NodeLocal DNSCache', 'options single-request-reopen in the pod’s dnsConfig (glibc)'],
        },
      ),
    ];
  },
};

const numberOf = (value: object, name: string) => Number((value as Readonly<Record<string, unknown>>)[name] ?? 0);

const SLOW = 1e9;

export const dnsSlow: Check = {
  id: 'dns-slow',
  title: 'answers for names come late',
  read(examined, before) {
    const told = new Set(before.filter(({ id }) => id === 'dns-race').flatMap(({ events }) => events));
    const firsts = new Map<string, DnsRow>();
    const late: Late[] = [];
    for (const row of examined.dims.dns.all()) {
      if (row.response || row.side !== 'client' || row.protocol !== 'dns' || !examined.inScope(examined.netnsOf(row))) continue;
      if (row.attempt === 1) firsts.set(questionOf(row), row);
      const first = firsts.get(questionOf(row)) ?? row;
      const took = row.latency === null ? 0 : row.start + row.latency - first.start;
      if (took > SLOW && !told.has(first.num) && !isExplained(before, row.server)) late.push({ row, took });
    }
    return byServer(late.map(({ row }) => row)).map(([server, all]) =>
      lateFinding(
        examined,
        server,
        late.filter(({ row }) => all.includes(row)),
      ),
    );
  },
};

interface Late {
  readonly row: DnsRow;
  /** ns from the first time that it was asked. */
  readonly took: number;
}

function lateFinding(examined: Examined, server: string, late: readonly Late[]): Finding {
  const rows = late.map(({ row }) => row);
  const only = rows.every(({ qtype }) => qtype === 'AAAA') ? ' (AAAA only)' : '';
  const again = rows.filter(({ attempt }) => attempt > 1).length;
  const lost = again === 0 ? '' : `, ${again} after the question had been lost and was asked again`;
  const most = spanText(Math.max(...late.map(({ took }) => took)));
  return finding(
    'dns-slow',
    'warning',
    `${times(rows.length, 'answer')} of ${server}${nameOf(examined, server)} took up to ${most}${only}${lost}: ${namesOf(rows)}`,
    {
      affected: rows.map((row) => examined.who(examined.netnsOf(row), row.thread)),
      events: rows.map(({ num }) => num),
      fixes: ['trowel dns FILE    # which server was slow'],
    },
  );
}

function byServer(rows: readonly DnsRow[]): [string, DnsRow[]][] {
  const found = new Map<string, DnsRow[]>();
  for (const row of rows) found.set(row.server, [...(found.get(row.server) ?? []), row]);
  return [...found];
}

const SHOWN = 3;

export function namesOf(rows: readonly { readonly qname: string }[]): string {
  const names = [...new Set(rows.map(({ qname }) => qname))];
  return names.length <= SHOWN ? names.join(', ') : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;
}

function nameOf(examined: Examined, server: string): string {
  const at = server.lastIndexOf(':');
  const name = examined.cluster.nameAt(server.slice(0, at), Number(server.slice(at + 1)));
  return name === server.slice(0, at) ? '' : ` (${name})`;
}
