/** What the user wants to see of an event, and what we add of our own accord. */
import { FilterError } from '../filter/error.ts';
import type { BoundField } from '../filter/field.ts';
import { findField } from '../filter/registry.ts';
import type { EventView } from '../filter/view.ts';
import type { DnsRow } from '../model/dns.ts';
import { spanText } from '../model/time.ts';
import { sanitize } from '../output/printable.ts';

/** `a,b,c` → fields. Throws FilterError. */
export function columnFields(list: string): BoundField[] {
  const fields: BoundField[] = [];
  for (const found of list.matchAll(/[^,\s]+/g)) {
    const [text] = found;
    const parts = /^([^[\]]+)(?:\[(.*)\])?$/.exec(text);
    const span = { start: found.index, end: found.index + text.length };
    if (parts === null) throw new FilterError(`${text} is no field`, list, span);
    fields.push(findField({ kind: 'field', name: parts[1]!, arg: parts[2] ?? null, ...span }, list).bound);
  }
  return fields;
}

/** ` dns="A? backend"` after a line whose event carried a DNS message; empty otherwise. */
export function summaryText(view: EventView): string {
  const { dns } = view;
  return dns === null ? '' : ` dns="${sanitize(dnsText(dns))}"`;
}

/** `A? name`, `NXDOMAIN A name 2.17 ms`, `A name → 10.3.0.214 1.35 ms`. */
export function dnsText(dns: DnsRow): string {
  const question = `${dns.qtype}${dns.response ? '' : '?'} ${dns.qname}`;
  if (!dns.response) return dns.attempt > 1 ? `${question} (again, ${dns.attempt})` : question;
  const data = dns.answers.map((answer) => answer.data).join(' ');
  const outcome = data === '' ? '' : ` → ${data}`;
  const took = dns.latency === null ? '' : ` ${spanText(dns.latency)}`;
  return `${dns.rcode} ${question}${outcome}${took}`;
}
