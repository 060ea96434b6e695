/** The values of fields that have few: for completion, and for a word about one that cannot occur. */
import { FAMILIES } from '../model/calls.ts';
import { ERRNO_NAMES } from '../model/errno.ts';
import { STANDARD_TYPES } from '../model/event-type.ts';
import { FD_KINDS } from '../model/rows.ts';
import type { Check, Literal } from './ast.ts';
import { didYouMean } from './error.ts';

const TYPES = STANDARD_TYPES.map(({ name }) => name);

export const KNOWN_VALUES: Readonly<Record<string, readonly string[]>> = {
  'evt.type': TYPES,
  'syscall.type': STANDARD_TYPES.filter(({ syscall }) => syscall).map(({ name }) => name),
  'evt.dir': ['<', '>'],
  'evt.category': [...new Set([...STANDARD_TYPES.map(({ category }) => category).filter((name) => name !== 'io'), 'memory', 'system'])],
  'evt.family': [...FAMILIES, 'other'],
  'evt.io_dir': ['read', 'write'],
  'evt.res': ['SUCCESS', ...ERRNO_NAMES],
  'fd.type': FD_KINDS.filter((kind) => kind !== 'unknown'),
  'fd.role': ['client', 'server', 'listen'],
  'fd.sockfamily': ['ip', 'unix'],
  'fd.l4proto': ['tcp', 'udp', 'icmp', 'raw'],
  'dns.qr': ['query', 'answer'],
  'dns.qtype': ['A', 'AAAA', 'CNAME', 'SRV', 'PTR', 'TXT', 'MX', 'NS', 'SOA', 'HTTPS', 'SVCB', 'ANY', 'CAA', 'DS', 'DNSKEY', 'NAPTR'],
  'dns.qclass': ['IN', 'CH', 'HS', 'ANY'],
  'dns.rcode': ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'FORMERR', 'NOTIMP', 'YXDOMAIN', 'NOTAUTH'],
  'dns.side': ['client', 'server', 'forward'],
  'dns.protocol': ['dns', 'mdns', 'llmnr'],
  'dns.transport': ['udp', 'tcp'],
  'dns.lookup.result': ['NOERROR', 'NODATA', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'TIMEOUT', 'UNREACHABLE', 'UNANSWERED'],
  'dns.lookup.library': ['glibc', 'musl', 'go', 'c-ares', 'unknown'],
  'http.method': ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'],
};

/** Words about values of a check that none of the known ones are. `types`: names that the capture itself defines. */
export function valueNotes(check: Check, field: string, values: readonly Literal[], types: ReadonlySet<string>): string[] {
  const known = KNOWN_VALUES[field];
  if (known === undefined || !/^(=|==|!=|in|intersects)$/.test(check.operator)) return [];
  return values.flatMap(({ text }) => {
    if (known.includes(text) || types.has(text)) return field === 'evt.dir' && text === '>' ? [ENTER_NOTE] : [];
    return [`no ${field} is called ${text}${hintFor(field, text, known)}`];
  });
}

const ENTER_NOTE = 'a call is one event here, when it returns: evt.dir=> is left for what never returned, and for what the kernel says';

function hintFor(field: string, text: string, known: readonly string[]): string {
  if (field === 'evt.res' && /^-?[0-9]+$/.test(text)) return ': evt.rawres has the numbers';
  const near = didYouMean(text, known);
  if (near !== '') return `: ${near}`;
  const other = Object.entries(KNOWN_VALUES).find(([, values]) => values.includes(text));
  return other === undefined ? '' : `: ${other[0]} has that`;
}
