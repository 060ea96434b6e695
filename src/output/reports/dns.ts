/** Name lookups as a report: one item a lookup, with its attempts and their queries. */
import type { Attempt, TcpUse } from '../../dns/attempt.ts';
import type { Lookup, ResolverUsed } from '../../dns/lookup.ts';
import type { Try } from '../../dns/try.ts';
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
  column('dosLines', 'bool', 'the file has CRLF at its ends of lines', (r) => (r.dosLines ? true : undefined), { optional: true }),
  column('source', 'text', 'read: the process read the file; inferred: from what it asked', (r) => r.source),
  column('num', 'num', 'the event that read it', (r) => r.num, { nullable: true }),
];

const OPTIONAL = { optional: true } as const;

/** One question that was sent to one server. */
const TRY: readonly Column<Try>[] = [
  column('evt.num', 'num', 'the event that sent it', (t) => t.query.num),
  column('qtype', 'text', 'what was asked for: A, AAAA …', (t) => t.qtype),
  column('attempt', 'count', 'how often the same had been asked by then', (t) => t.query.attempt),
  column('answer', 'num', 'the event that brought the answer', (t) => t.query.partner, { nullable: true }),
  column('latency', 'ns', 'until the answer', (t) => t.query.latency, { nullable: true }),
  column('server', 'text', 'address and port', (t) => t.server),
  column('transport', 'text', 'udp or tcp', (t) => t.query.transport),
  column('try', 'count', 'which try of this type at this server it was', (t) => t.nth),
  column('result', 'text', 'what came of it', (t) => t.result),
  column('duration', 'ns', 'until it was answered, or no longer waited for', (t) => t.end - t.start),
  column('error', 'text', 'of errno', (t) => t.error ?? undefined, OPTIONAL),
  column('from', 'text', 'the other address that the answer came from', (t) => t.from ?? undefined, OPTIONAL),
  column('late', 'ns', 'after which an answer came that was no longer waited for', (t) => t.late ?? undefined, OPTIONAL),
];

/** What a resolver did after an answer that was cut. */
const TCP: readonly Column<TcpUse>[] = [
  column('server', 'text', 'address and port', (t) => t.server),
  column('outcome', 'text', 'what came of it', (t) => t.outcome),
  column('error', 'text', 'of errno', (t) => t.error, { nullable: true }),
  column('latency', 'ns', 'how long it took', (t) => t.end - t.start),
  column('evt.num', 'num', 'the event that shows it', (t) => t.num),
];

const ATTEMPT: readonly Column<Attempt>[] = [
  column('name', 'text', 'the name that was asked for', (a) => a.name),
  column('suffix', 'text', 'the search domain in it; empty: the name as it was', (a) => a.suffix),
  column('server', 'text', 'address and port', (a) => a.server),
  column('result', 'text', 'NOERROR, NODATA, NXDOMAIN, TIMEOUT …', (a) => a.result),
  column('latency', 'ns', 'how long it took', (a) => a.end - a.start),
  column('wasted', 'bool', 'it did not give the answer', (a) => a.wasted),
  column('late', 'ns', 'after which an answer came that was no longer waited for', (a) => a.late, { nullable: true }),
  record('tcp', 'the question again over TCP, after an answer that was cut', TCP, (a) => a.tcp ?? undefined, OPTIONAL),
  records('queries', 'what was sent: to which server, of which type, how often', TRY, (a) => a.tries),
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
    column(
      'contradictions',
      'text',
      'where the queries and resolv.conf disagree',
      (l) => (l.contradictions.length === 0 ? undefined : l.contradictions),
      {
        many: true,
        optional: true,
      },
    ),
    column('library', 'text', 'the resolver: glibc, musl, go, c-ares, unknown', (l) => l.library),
    records('attempts', 'names and servers that were tried', ATTEMPT, (l) => l.attempts),
  ];
}

/** `filtered`: the lookups are those that match a filter. */
export function lookupReport(lookups: readonly Lookup[], dims: Dimensions, epoch: bigint, filtered = false): Report<Lookup> {
  return {
    id: 'dns',
    columns: lookupColumns(dims),
    items: lookups,
    epoch,
    blocks: { table: (lookup, i) => [...(i > 0 ? [''] : []), ...lookupLines(lookup, dims)] },
    empty: `no lookup ${filtered ? 'of a client in this capture matches' : 'was made by a client in this capture'}`,
  };
}
