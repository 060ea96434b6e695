/** Answers by the events that carried them: one event may carry several, over TCP or by recvmmsg. */
import type { DnsRow } from '../model/dns.ts';

/** Answers after which a resolver asks again, or asks the next server. */
const PROVISIONAL: ReadonlySet<string> = new Set(['SERVFAIL', 'REFUSED', 'FORMERR', 'NOTIMP']);

export class Answers {
  readonly #byNum = new Map<number, DnsRow | DnsRow[]>();

  constructor(messages: Iterable<DnsRow>) {
    for (const row of messages) {
      if (!row.response) continue;
      const rows = this.#byNum.get(row.num);
      if (rows === undefined) this.#byNum.set(row.num, row);
      else if (Array.isArray(rows)) rows.push(row);
      else this.#byNum.set(row.num, [rows, row]);
    }
  }

  /** The answer to a question; null: none came, or it is not in this part of a capture. */
  of(query: DnsRow): DnsRow | null {
    if (query.partner === null) return null;
    const rows = this.#byNum.get(query.partner);
    if (rows === undefined) return null;
    if (!Array.isArray(rows)) return rows;
    return rows.find((row) => row.messageId === query.messageId && row.qtype === query.qtype) ?? rows[0]!;
  }
}

/** It says that the whole answer is to be asked for over TCP. */
export function isTruncated(answer: DnsRow): boolean {
  return answer.flags.includes('tc');
}

/** With it a resolver is content: it does not ask the same again. */
export function isFinal(answer: DnsRow): boolean {
  return !isTruncated(answer) && !PROVISIONAL.has(answer.rcode ?? '');
}
