/**
 * Questions that were asked and not seen. Some recordings have glibc's sendmmsg without its messages: then what the server
 * received from that socket, and what came back to it, tells what each send must have held.
 */
import type { DnsRow, DnsSocketRow } from '../model/dns.ts';
import { endText } from '../model/fd-name.ts';
import type { Dimensions } from '../model/rows.ts';
import { countUntil, pushTo } from './by-time.ts';

/** A clock that differs between CPUs lets a question arrive before it was sent. */
const SKEW = 100_000;

/** The capture's messages and the implied ones, with what answers what. Implied rows have ids below zero. */
export function allMessages(dims: Dimensions): readonly DnsRow[] {
  const seen = [...dims.dns.all()];
  if (dims.dnsSockets.size === 0) return seen;
  const unmatched = seen.filter((row) => row.response && row.side === 'client' && row.partner === null);
  if (unmatched.length === 0 && !seen.some((row) => row.side === 'server' && !row.response)) return seen;
  const sends = new Sends(dims);
  const implied = new Map<string, DnsRow>();
  const asked = new Set(
    seen.filter((row) => !row.response && row.side !== 'server').map((row) => questionKey(localEnd(dims, row.fd), row)),
  );
  for (const row of seen) {
    if (row.response || row.side !== 'server') continue;
    const end = remoteEnd(dims, row.fd);
    if (!asked.has(questionKey(end, row))) imply(implied, sends.before(end, row.time), row, dims);
  }
  for (const row of unmatched) {
    const end = localEnd(dims, row.fd);
    if (!asked.has(questionKey(end, row))) imply(implied, sends.before(end, row.time), row, dims);
  }
  return implied.size === 0 ? seen : paired(seen, [...implied.values()], unmatched);
}

/** The same question in the same send is one row, whoever tells of it. */
function imply(implied: Map<string, DnsRow>, send: DnsSocketRow | null, evidence: DnsRow, dims: Dimensions): void {
  if (send === null) return;
  const key = `${send.num} ${evidence.messageId} ${evidence.qname} ${evidence.qtype}`;
  if (implied.has(key)) return;
  const { num, time, thread, fd } = send;
  const question = {
    ...evidence,
    num,
    time,
    start: time,
    thread,
    fd,
    side: 'client' as const,
    response: false,
    server: remoteEnd(dims, fd),
  };
  const blank = { id: -1 - implied.size, call: 'sendmmsg', rcode: null, answers: [], flags: [], partner: null, latency: null };
  implied.set(key, { ...question, ...blank });
}

/** Gives each answer to the last question that it fits, and counts repetitions. */
function paired(seen: readonly DnsRow[], implied: readonly DnsRow[], unmatched: readonly DnsRow[]): DnsRow[] {
  const questions = [...implied].sort((a, b) => a.time - b.time);
  const tries = new Map<string, number>();
  const numbered = questions.map((row) => {
    const key = `${row.fd} ${row.messageId} ${row.qname} ${row.qtype}`;
    const attempt = (tries.get(key) ?? 0) + 1;
    tries.set(key, attempt);
    return { ...row, attempt };
  });
  const answers = new Map(unmatched.map((row) => [row.id, { ...row }]));
  const byQuestion = new Map<string, typeof numbered>();
  for (const row of numbered) pushTo(byQuestion, pairKey(row), row);
  for (const answer of answers.values()) {
    const same = byQuestion.get(pairKey(answer)) ?? [];
    const question = same[countUntil(same, timeOf, answer.time) - 1];
    if (question === undefined) continue;
    question.partner = answer.num;
    answer.partner = question.num;
    question.latency = answer.latency = answer.time - question.start;
  }
  const all = [...seen.map((row) => answers.get(row.id) ?? row), ...numbered];
  return all.sort((a, b) => a.num - b.num || a.id - b.id);
}

/** Of a question and its answer, as the client's thread sees them. */
function pairKey({ messageId, qtype, qname, thread }: DnsRow): string {
  return `${thread} ${messageId} ${qtype} ${qname.toLowerCase()}`;
}

const timeOf = ({ time }: { readonly time: number }) => time;

function questionKey(end: string, { messageId, qname, qtype }: DnsRow): string {
  return `${end} ${messageId} ${qname} ${qtype}`;
}

/** Address and port of a socket's own end. */
export function localEnd(dims: Dimensions, fd: number): string {
  const row = dims.fds.get(fd);
  return row === undefined ? '' : endText({ ip: String(row.localIp), port: row.localPort });
}

export function remoteEnd(dims: Dimensions, fd: number): string {
  const row = dims.fds.get(fd);
  return row === undefined ? '' : endText({ ip: String(row.remoteIp), port: row.remotePort });
}

/** Events that may have sent questions, by the socket's own end. */
class Sends {
  readonly #byEnd = new Map<string, DnsSocketRow[]>();

  constructor(dims: Dimensions) {
    for (const row of dims.dnsSockets.all()) pushTo(this.#byEnd, localEnd(dims, row.fd), row);
    for (const rows of this.#byEnd.values()) rows.sort((a, b) => a.time - b.time);
  }

  before(end: string, time: number): DnsSocketRow | null {
    const rows = this.#byEnd.get(end) ?? [];
    return rows[countUntil(rows, timeOf, time + SKEW) - 1] ?? null;
  }
}
