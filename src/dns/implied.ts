/**
 * Questions that were asked and not seen. Some recordings have glibc's sendmmsg without its messages: then what the server
 * received from that socket, and what came back to it, tells what each send must have held.
 */
import type { DnsRow, DnsSocketRow } from '../model/dns.ts';
import type { Dimensions } from '../model/rows.ts';

/** A clock that differs between CPUs lets a question arrive before it was sent. */
const SKEW = 100_000;

/** The capture's messages and the implied ones, with what answers what. Implied rows have ids below zero. */
export function allMessages(dims: Dimensions): readonly DnsRow[] {
  const seen = [...dims.dns.all()];
  if (dims.dnsSockets.size === 0) return seen;
  const sends = new Sends(dims);
  const implied = new Map<string, DnsRow>();
  const lonely = seen.filter((row) => row.response && row.side === 'client' && row.partner === null);
  const asked = new Set(
    seen.filter((row) => !row.response && row.side !== 'server').map((row) => questionKey(localEnd(dims, row.fd), row)),
  );
  for (const row of seen) {
    if (row.response || row.side !== 'server') continue;
    const end = remoteEnd(dims, row.fd);
    if (!asked.has(questionKey(end, row))) imply(implied, sends.before(end, row.time), row, dims);
  }
  for (const row of lonely) imply(implied, sends.before(localEnd(dims, row.fd), row.time), row, dims);
  return implied.size === 0 ? seen : paired(seen, [...implied.values()], lonely);
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
function paired(seen: readonly DnsRow[], implied: readonly DnsRow[], lonely: readonly DnsRow[]): DnsRow[] {
  const questions = [...implied].sort((a, b) => a.time - b.time);
  const tries = new Map<string, number>();
  const numbered = questions.map((row) => {
    const key = `${row.fd} ${row.messageId} ${row.qname} ${row.qtype}`;
    const attempt = (tries.get(key) ?? 0) + 1;
    tries.set(key, attempt);
    return { ...row, attempt };
  });
  const answers = new Map(lonely.map((row) => [row.id, { ...row }]));
  const byQuestion = Map.groupBy(numbered, pairKey);
  for (const answer of answers.values()) {
    const question = lastBy(byQuestion.get(pairKey(answer)) ?? [], answer.time);
    if (question === null) continue;
    question.partner = answer.num;
    answer.partner = question.num;
    question.latency = answer.latency = answer.time - question.start;
  }
  const all = [...seen.map((row) => answers.get(row.id) ?? row), ...numbered];
  return all.sort((a, b) => a.num - b.num || a.id - b.id);
}

function pairKey({ messageId, qtype, qname, thread }: DnsRow): string {
  return `${thread} ${messageId} ${qtype} ${qname.toLowerCase()}`;
}

/** The last of rows in the order of time that was there at `time`. */
function lastBy<Row extends { readonly time: number }>(rows: readonly Row[], time: number): Row | null {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return rows[low - 1] ?? null;
}

function questionKey(end: string, { messageId, qname, qtype }: DnsRow): string {
  return `${end} ${messageId} ${qname} ${qtype}`;
}

/** Address and port of a socket's own end. */
export function localEnd(dims: Dimensions, fd: number): string {
  const row = dims.fds.get(fd);
  return row === undefined ? '' : `${row.localIp}:${row.localPort}`;
}

export function remoteEnd(dims: Dimensions, fd: number): string {
  const row = dims.fds.get(fd);
  return row === undefined ? '' : `${row.remoteIp}:${row.remotePort}`;
}

/** Events that may have sent questions, by the socket's own end. */
class Sends {
  readonly #byEnd = new Map<string, DnsSocketRow[]>();

  constructor(dims: Dimensions) {
    for (const row of dims.dnsSockets.all()) {
      const end = localEnd(dims, row.fd);
      const rows = this.#byEnd.get(end);
      if (rows === undefined) this.#byEnd.set(end, [row]);
      else rows.push(row);
    }
    for (const rows of this.#byEnd.values()) rows.sort((a, b) => a.time - b.time);
  }

  before(end: string, time: number): DnsSocketRow | null {
    return lastBy(this.#byEnd.get(end) ?? [], time + SKEW);
  }
}
