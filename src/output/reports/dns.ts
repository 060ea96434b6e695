/** Name lookups as a report: one item a lookup, with its attempts and their queries. */
import type { Attempt, Lookup, ResolverUsed } from '../../dns/lookup.ts';
import type { DnsRow } from '../../model/dns.ts';
import type { Dimensions } from '../../model/rows.ts';
import { column, record, records } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';
import { askerText, lookupLines } from '../lookup.ts';

const RESOLVER: readonly Column<ResolverUsed>[] = [
  column('nameservers', 'text', 'in their order', (r) => r.nameservers, { many: true }),
  column('search', 'text', 'search domains in their order', (r) => r.search, { many: true }),
  column('options', 'text', 'as written', (r) => r.options, { many: true }),
  column('ndots', 'count', 'dots from which on a name is tried as it is first', (r) => r.ndots),
  column('timeout', 'number', 'seconds until a server is asked again', (r) => r.timeout),
  column('attempts', 'count', 'how often the servers are gone through', (r) => r.attempts),
  column('source', 'text', 'read: the process read the file; inferred: from what it asked', (r) => r.source),
  column('num', 'num', 'the event that read it', (r) => r.num, { nullable: true }),
];

const QUERY: readonly Column<DnsRow>[] = [
  column('evt.num', 'num', 'the event that sent it', (q) => q.num),
  column('qtype', 'text', 'what was asked for: A, AAAA …', (q) => q.qtype),
  column('attempt', 'count', 'how often the same had been asked by then', (q) => q.attempt),
  column('answer', 'num', 'the event that brought the answer', (q) => q.partner, { nullable: true }),
  column('latency', 'ns', 'until the answer', (q) => q.latency, { nullable: true }),
];

const ATTEMPT: readonly Column<Attempt>[] = [
  column('name', 'text', 'the name that was asked for', (a) => a.name),
  column('suffix', 'text', 'the search domain in it; empty: the name as it was', (a) => a.suffix),
  column('server', 'text', 'address and port', (a) => a.server),
  column('result', 'text', 'NOERROR, NODATA, NXDOMAIN, TIMEOUT …', (a) => a.result),
  column('latency', 'ns', 'how long it took', (a) => a.end - a.start),
  column('wasted', 'bool', 'it did not give the answer', (a) => a.wasted),
  column('late', 'ns', 'after which an answer came that was no longer waited for', (a) => a.late, { nullable: true }),
  records('queries', 'what was sent', QUERY, (a) => a.queries),
];

export const LOOKUP_DOC = 'one name lookup of a client: what it tried, whom it asked, what came of it';

export function lookupColumns(dims: Dimensions | null): Column<Lookup>[] {
  return [
    column('dns.lookup.id', 'number', 'from 1, in the order of time', (l) => l.id),
    column('dns.lookup.name', 'text', 'the name that was looked up', (l) => l.name),
    column('dns.lookup.latency', 'ns', 'how long it took', (l) => l.end - l.start),
    column('dns.lookup.result', 'text', 'of its last attempt', (l) => l.result),
    column('dns.lookup.addrs', 'text', 'the addresses that it found', (l) => l.addresses, { many: true }),
    column('asker', 'text', 'process and pid', (l) => (dims === null ? '' : askerText(l, dims))),
    column('proc.pid', 'number', 'pid of the process', (l) => l.pid),
    column('time', 'time', 'when it began', (l) => l.start),
    record('resolver', 'how the resolver was set', RESOLVER, (l) => l.resolver),
    column('library', 'text', 'the resolver: glibc, musl, go, c-ares, unknown', (l) => l.library),
    records('attempts', 'names and servers that were tried', ATTEMPT, (l) => l.attempts),
  ];
}

export function lookupReport(lookups: readonly Lookup[], dims: Dimensions, epoch: bigint): Report<Lookup> {
  return {
    id: 'dns',
    columns: lookupColumns(dims),
    items: lookups,
    epoch,
    blocks: { table: (lookup, i) => [...(i > 0 ? [''] : []), ...lookupLines(lookup, dims)] },
    empty: 'no lookup was made by a client in this capture',
  };
}
