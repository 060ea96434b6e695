/** What an event did, in a few words. Captured bytes stay as they are: who shows a summary makes it harmless. */
import { argAt, argText } from '../event/args-text.ts';
import type { EventView } from '../event/view.ts';
import type { ArgValue } from '../model/args.ts';
import { EventFlag } from '../model/chunk.ts';
import type { DnsRow } from '../model/dns.ts';
import { errnoName } from '../model/errno.ts';
import type { ArgType } from '../model/event-type.ts';
import { endText, fdName, isIpSocket, l4Name } from '../model/fd-name.ts';
import type { FdRow } from '../model/rows.ts';
import { spanText } from '../model/time.ts';
import { jsonText } from './printable.ts';

/** Three parts, so that a narrow place can cut the name in its middle. */
export interface Summary {
  readonly before: string;
  readonly name: string;
  readonly after: string;
  /** How much of a narrow place the name may claim, 0 to 1; what stands after it is cut first. */
  readonly nameShare: number;
}

/** A DNS name is recognised by its ends, and what came of the question matters as much. */
const DNS_NAME_SHARE = 0.4;
const NAME_SHARE = 0.8;

/** `A? name`, `NXDOMAIN A name 2.17 ms`, `NOERROR A name → 10.3.0.214 1.35 ms`. */
export function dnsSummary(dns: DnsRow): Summary {
  const { qname: name } = dns;
  const nameShare = DNS_NAME_SHARE;
  if (!dns.response) return { before: `${dns.qtype}? `, name, after: dns.attempt > 1 ? ` (again, ${dns.attempt})` : '', nameShare };
  const data = dns.answers.map((answer) => answer.data).join(' ');
  const outcome = data === '' ? '' : ` → ${data}`;
  const took = dns.latency === null ? '' : ` ${spanText(dns.latency)}`;
  return { before: `${dns.rcode} ${dns.qtype} `, name, after: outcome + took, nameShare };
}

export function dnsText(dns: DnsRow): string {
  const { before, name, after } = dnsSummary(dns);
  return before + name + after;
}

/** What the event worked on and what came of it: its DNS message, else its error, its descriptor, its bytes or its arguments. */
export function eventSummary(view: EventView): Summary {
  const trouble = troubleText(view);
  if (view.dns !== null) {
    const dns = dnsSummary(view.dns);
    return { ...dns, before: `${trouble}DNS ${dns.before}` };
  }
  const target = view.fd === null ? '' : targetText(view.fd);
  const rest = [bytesText(view), argumentsText(view), returnedText(view)].filter((text) => text !== '').join(' ');
  if (target === '') return { before: trouble, name: rest, after: '', nameShare: 1 };
  return { before: trouble, name: target, after: rest === '' ? '' : ` ${rest}`, nameShare: NAME_SHARE };
}

/** `/etc/hosts`, `udp →10.0.0.9:53` of the one who began, `tcp :80 ←10.0.0.7:40000` of the one who was asked. */
export function targetText(fd: FdRow): string {
  if (!isIpSocket(fd)) return fdName(fd) || fd.kind;
  const proto = l4Name(fd.l4proto) ?? fd.kind;
  if (fd.role === 'listen') return `${proto} listening on ${fdName(fd)}`;
  if (fd.remoteIp === null || fd.remotePort === 0) return `${proto} ${fdName(fd)}`.trim();
  const remote = endText({ ip: fd.remoteIp, port: fd.remotePort });
  return fd.role === 'server' ? `${proto} :${fd.localPort} ←${remote}` : `${proto} →${remote}`;
}

/** `ENOENT `, `pending `; empty for what went well. */
function troubleText(view: EventView): string {
  if ((view.flags & EventFlag.PENDING) !== 0) return 'pending ';
  const { res } = view;
  return res !== null && res < 0 ? `${errnoName(-res)} ` : '';
}

/** `87 B "GET / HTTP/1.1"` of a call that moved bytes. */
function bytesText(view: EventView): string {
  const { res, type, payload } = view;
  if (type.io === null || res === null || res < 0) return '';
  return looksLikeText(payload) ? `${res} B ${jsonText(Buffer.from(payload).toString())}` : `${res} B`;
}

/** `→ 4711`: a result that is neither an error, nor bytes, nor a descriptor; nothing for a plain 0. */
function returnedText({ res, type }: EventView): string {
  return res === null || res <= 0 || type.io !== null || type.makesFd ? '' : `→ ${res}`;
}

/** Nearly all of the bytes are printable, or blanks. */
function looksLikeText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false;
  let strange = 0;
  for (const byte of bytes) if (byte !== 0x0a && byte !== 0x0d && byte !== 0x09 && (byte < 0x20 || byte > 0x7e)) strange++;
  return strange * 10 <= bytes.length;
}

/** Arguments that no other part of a line shows. Paths go without their names. */
function argumentsText(view: EventView): string {
  if (view.type.name === 'execve' && view.res === 0) return commandText(view);
  const shown = view.type.args.filter((arg) => isWorthShowing(arg, view)).map((arg) => argumentText(arg, view));
  return shown.filter((text) => text !== '').join(' ');
}

function isWorthShowing({ column, name }: ArgType, view: EventView): boolean {
  if (column !== null) return false;
  if (view.type.io !== null) return name !== 'size' && name !== 'vlen';
  return !(view.fd !== null && name === 'name');
}

function argumentText(type: ArgType, view: EventView): string {
  const found = argAt(view, type.name);
  if (found === null || found.value === null || (found.value === 0 && /^(flags|oct)/.test(type.format))) return '';
  const text = valueText(view, type, found.value);
  if (type.format === 'path') return text;
  if (text === '-100(AT_FDCWD)') return '';
  return `${type.name}=${text.replace(/^-?\d+\((.*)\)$/, '$1')}`;
}

/** An argument's value for people: times with their units. */
export function valueText(view: EventView, type: ArgType, value: ArgValue): string {
  return type.format === 'ns' && typeof value === 'number' ? spanText(value) : argText(view, type, value);
}

function commandText({ process, thread }: EventView): string {
  return process === null ? '' : [process.exe || (thread?.comm ?? ''), ...process.args].join(' ');
}
