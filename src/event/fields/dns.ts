import type { DnsRow, LookupPart } from '../../model/dns.ts';
import type { Field, FieldType, Reading, RowField } from './field.ts';

function ofDns(
  name: string,
  type: FieldType,
  doc: string,
  example: string,
  read: (dns: DnsRow) => Reading,
  more: Partial<RowField> = {},
): RowField {
  return { name, type, doc, example, scope: 'dns', read: (view) => (view.dns === null ? null : read(view.dns)), ...more };
}

function ofLookup(
  name: string,
  type: FieldType,
  doc: string,
  example: string,
  read: (part: LookupPart) => Reading,
  more: Partial<RowField> = {},
): RowField {
  return {
    name,
    type,
    doc,
    example,
    scope: 'dns',
    needs: ['every event'],
    read: (view) => (view.lookup === null ? null : read(view.lookup)),
    ...more,
  };
}

/** The data of all answers of some types; null where there are none. */
function answers(dns: DnsRow, types: readonly string[] | null): string[] | null {
  const data = dns.answers.filter(({ type }) => types === null || types.includes(type)).map((answer) => answer.data);
  return data.length === 0 ? null : data;
}

const QTYPES = 'A AAAA CNAME SRV PTR TXT MX NS SOA HTTPS SVCB ANY CAA DS DNSKEY NAPTR'.split(' ');
const RCODES = 'NOERROR NXDOMAIN SERVFAIL REFUSED FORMERR NOTIMP YXDOMAIN NOTAUTH'.split(' ');
const RESULTS = 'NOERROR NODATA NXDOMAIN SERVFAIL REFUSED TRUNCATED TIMEOUT UNREACHABLE ABORTED UNANSWERED'.split(' ');

const flag = (name: string) => (dns: DnsRow) => dns.flags.includes(name);

// biome-ignore format: a table
export const DNS_FIELDS: readonly Field[] = [
  ofDns('dns.id', 'number', 'id of the message', 'dns.id>0', (dns) => dns.messageId),
  ofDns('dns.qr', 'text', 'query or answer', 'dns.qr=query', (dns) => (dns.response ? 'answer' : 'query'), { values: ['query', 'answer'] }),
  ofDns('dns.qname', 'text', 'the name asked for, without the last dot', 'dns.qname contains localdomain', (dns) => dns.qname, { aliases: ['dns.qry.name', 'dns.query', 'dns.question', 'dns.name'], short: ['qname'] }),
  ofDns('dns.qtype', 'text', 'A AAAA CNAME SRV PTR TXT …', 'dns.qtype=AAAA', (dns) => dns.qtype, { values: QTYPES, aliases: ['dns.qry.type'] }),
  ofDns('dns.qclass', 'text', 'IN, mostly', 'dns.qclass=IN', (dns) => dns.qclass, { values: ['IN', 'CH', 'HS', 'ANY'], aliases: ['dns.qry.class'] }),
  ofDns('dns.rcode', 'text', 'NOERROR NXDOMAIN SERVFAIL REFUSED …; answers only', 'dns.rcode=NXDOMAIN', (dns) => dns.rcode, { values: RCODES, aliases: ['dns.flags.rcode'], short: ['rcode'] }),
  ofDns('dns.answers', 'text', 'data of all answers', 'dns.answers exists', (dns) => answers(dns, null), { aliases: ['dns.resp.name'] }),
  ofDns('dns.addrs', 'ip', 'addresses in the answers', 'dns.addrs=10.3.0.214', (dns) => answers(dns, ['A', 'AAAA']), { aliases: ['dns.aaaa', 'dns.a'] }),
  ofDns('dns.cnames', 'text', 'canonical names in the answers', 'dns.cnames exists', (dns) => answers(dns, ['CNAME']), { aliases: ['dns.cname'] }),
  ofDns('dns.ttl', 'number', 'smallest time to live of the answers, in seconds', 'dns.ttl<60', (dns) => (dns.answers.length === 0 ? null : Math.min(...dns.answers.map(({ ttl }) => ttl))), { unit: 's', aliases: ['dns.resp.ttl'] }),
  ofDns('dns.tc', 'bool', 'cut by the server, to be asked again over TCP', 'dns.tc=true', flag('tc'), { aliases: ['dns.flags.truncated'] }),
  ofDns('dns.rd', 'bool', 'recursion desired', 'dns.rd=true', flag('rd'), { aliases: ['dns.flags.recdesired'] }),
  ofDns('dns.ra', 'bool', 'recursion available', 'dns.ra=true', flag('ra'), { aliases: ['dns.flags.recavail'] }),
  ofDns('dns.aa', 'bool', 'authoritative', 'dns.aa=true', flag('aa'), { aliases: ['dns.flags.authoritative'] }),
  ofDns('dns.latency', 'span', 'ns from the query to its answer, on both', 'dns.latency>100ms', (dns) => dns.latency, { aliases: ['dns.time'], needs: ['socket events'] }),
  ofDns('dns.answered', 'bool', 'the query was answered within the capture', 'dns.answered=false', (dns) => (dns.response ? null : dns.partner !== null), { needs: ['socket events'] }),
  ofDns('dns.timeout', 'bool', 'a query that no answer came to within the capture', 'dns.timeout=true', (dns) => (dns.response ? null : dns.partner === null), { needs: ['socket events'] }),
  ofDns('dns.attempt', 'number', '1 for a question’s first sending, 2 for its repetition …', 'dns.attempt>1', (dns) => (dns.response ? null : dns.attempt), { needs: ['socket events'] }),
  ofDns('dns.retransmit', 'bool', 'a question sent again', 'dns.retransmit=true', (dns) => (dns.response ? null : dns.attempt > 1), { aliases: ['dns.retransmission'], needs: ['socket events'] }),
  ofDns('dns.side', 'text', 'client (it asks), server (it answers), forward (it asks on for others)', 'dns.side=client', (dns) => dns.side, { values: ['client', 'server', 'forward'], needs: ['socket events'] }),
  ofDns('dns.server', 'text', 'address and port of the server’s end', 'dns.server endswith :53', (dns) => dns.server),
  ofDns('dns.protocol', 'text', 'dns, mdns or llmnr', 'dns.protocol=dns', (dns) => dns.protocol, { values: ['dns', 'mdns', 'llmnr'] }),
  ofDns('dns.transport', 'text', 'udp or tcp', 'dns.transport=tcp', (dns) => dns.transport, { values: ['udp', 'tcp'] }),
  ofLookup('dns.lookup.id', 'number', 'number of the lookup that the message belongs to: one getaddrinfo, with all names it tried', 'dns.lookup.id=1', ({ lookup }) => lookup.id),
  ofLookup('dns.lookup.name', 'text', 'the name that was looked up, without what the search list added', 'dns.lookup.name contains backend', ({ lookup }) => lookup.name),
  ofLookup('dns.lookup.latency', 'span', 'ns that the whole lookup took', 'dns.lookup.latency>1s', ({ lookup }) => lookup.latency),
  ofLookup('dns.lookup.queries', 'number', 'questions that the lookup took, repetitions included', 'dns.lookup.queries>4', ({ lookup }) => lookup.queries),
  ofLookup('dns.lookup.result', 'text', 'NOERROR NODATA NXDOMAIN SERVFAIL REFUSED TRUNCATED TIMEOUT UNREACHABLE ABORTED UNANSWERED', 'dns.lookup.result=NOERROR', ({ lookup }) => lookup.result, { values: RESULTS }),
  ofLookup('dns.lookup.addrs', 'ip', 'addresses that the lookup found', 'dns.lookup.addrs exists', ({ lookup }) => lookup.addresses),
  ofLookup('dns.lookup.library', 'text', 'resolver in the process, by how it asks: glibc, musl, go, c-ares, unknown', 'dns.lookup.library=glibc', ({ lookup }) => lookup.library, { values: ['glibc', 'musl', 'go', 'c-ares', 'unknown'] }),
  ofLookup('dns.ndots', 'number', 'ndots of the resolv.conf that the process read', 'dns.ndots=5', ({ lookup }) => lookup.ndots),
  ofLookup('dns.search.suffix', 'text', 'search domain that was appended to the name', 'dns.search.suffix=localdomain', ({ suffix }) => (suffix === '' ? null : suffix)),
  ofLookup('dns.search.index', 'number', '1 for the first name that the lookup tried', 'dns.search.index>1', ({ index }) => index),
  ofLookup('dns.search.wasted', 'bool', 'this attempt did not give the answer', 'dns.search.wasted=true', ({ wasted }) => wasted),
];
