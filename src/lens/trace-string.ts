/** Who wrote, read, asked for or was started with a string, in the order of time. */

import type { Capture } from '../capture/capture.ts';
import type { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { written } from '../filter/occurring.ts';
import type { DnsRow } from '../model/dns.ts';
import { fdName, isIpSocket } from '../model/fd-name.ts';
import type { FdRow } from '../model/rows.ts';

/** One event, or several alike in a row, that had the string. */
export interface Trace {
  readonly num: number;
  /** Number of the last of them. */
  last: number;
  count: number;
  readonly time: number;
  readonly comm: string;
  readonly pid: number;
  readonly verb: 'wrote' | 'read' | 'asked' | 'was asked' | 'answered' | 'was answered' | 'ran' | 'had';
  /** file, socket, unix, dns, process. */
  readonly kind: string;
  /** Path, tuple or name. */
  readonly where: string;
  /** What kind of text it was in, where that shows: `HTTP POST /containers/create`, `HTTP/2 (gRPC)`. */
  readonly within: string;
  /** The bytes around it, as they are. */
  readonly excerpt: string;
}

/** Bytes shown on each side of the string. */
const AROUND = 24;
const HTTP = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT) (\S{1,120}) HTTP|^(HTTP\/1\.[01] \d{3})/;

/** The filter that finds them. DNS has names in parts, so that a dotted string is not in the bytes. */
export function traceFilter(text: string): string {
  const quoted = written(text);
  return `evt.buffer contains ${quoted} or dns.qname contains ${quoted} or (evt.type in (execve, execveat) and evt.failed=false and proc.cmdline contains ${quoted})`;
}

export function* traces(capture: Capture, filter: CompiledFilter, text: string): Generator<Trace> {
  let held: Trace | null = null;
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const trace = traceOf(filter.view.at(chunk, selection[k]!), text);
      if (held !== null && isAlike(held, trace)) {
        held.last = trace.num;
        held.count++;
        continue;
      }
      if (held !== null) yield held;
      held = trace;
    }
  }
  if (held !== null) yield held;
}

function isAlike(a: Trace, b: Trace): boolean {
  return a.pid === b.pid && a.verb === b.verb && a.where === b.where && a.within === b.within && a.excerpt === b.excerpt;
}

function traceOf(view: EventView, text: string): Trace {
  const { fd, dns, process, type } = view;
  const num = view.columnValue('num') ?? 0;
  const payload = Buffer.from(view.payload).toString('latin1');
  const base = { num, last: num, count: 1, time: view.time, comm: view.thread?.comm ?? '', pid: process?.pid ?? 0 };
  if (dns !== null) {
    const within = `${dns.qtype}${dns.rcode === null ? '' : ` ${dns.rcode}`}`;
    return {
      ...base,
      verb: dnsVerb(dns),
      kind: 'dns',
      where: `${dns.server} (${dns.side})`,
      within,
      excerpt: dns.qname,
    };
  }
  if (type.name.startsWith('execve'))
    return { ...base, verb: 'ran', kind: 'process', where: process?.exepath ?? '', within: '', excerpt: commandLine(view) };
  const verb = type.io === 'read' ? 'read' : type.io === 'write' ? 'wrote' : 'had';
  return {
    ...base,
    verb,
    kind: kindOf(fd),
    where: fd === null ? '' : fdName(fd),
    within: withinText(payload),
    excerpt: excerptOf(payload, text),
  };
}

function dnsVerb({ side, response }: DnsRow): Trace['verb'] {
  if (side === 'server') return response ? 'answered' : 'was asked';
  return response ? 'was answered' : 'asked';
}

function commandLine({ process }: EventView): string {
  return process === null ? '' : [process.exe, ...process.args].join(' ');
}

function kindOf(fd: FdRow | null): string {
  if (fd === null) return '';
  return isIpSocket(fd) ? 'socket' : fd.kind;
}

function withinText(payload: string): string {
  const http = HTTP.exec(payload);
  if (http !== null) return http[3] ?? `HTTP ${http[1]} ${http[2]}`;
  if (payload.startsWith('PRI * HTTP/2')) return 'HTTP/2 (gRPC)';
  return '';
}

function excerptOf(payload: string, text: string): string {
  const at = payload.indexOf(Buffer.from(text).toString('latin1'));
  if (at < 0) return '';
  return payload.slice(Math.max(0, at - AROUND), at + text.length + AROUND);
}
