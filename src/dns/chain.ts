/** Where a question went: from the client to the server that it was sent to, and on to whom that server asked. */
import type { DnsRow } from '../model/dns.ts';
import type { Dimensions } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { Answers } from './answers.ts';
import { between, pushTo } from './by-time.ts';
import { localEnd, remoteEnd } from './implied.ts';
import { pidOf } from './resolver.ts';

/** What one server did with one question. */
export interface Hop {
  /** Its process, as the capture's rows name it. */
  readonly pid: number;
  readonly comm: string;
  /** The question as it arrived there. */
  readonly received: DnsRow;
  /** Its answer; null: none was seen. */
  readonly answered: DnsRow | null;
  /** What it asked others meanwhile. */
  readonly forwards: readonly DnsRow[];
}

/** A client's question reaches its server within this time, or was lost. */
const TRANSIT = 1 * SECOND;
/** A server that answers later is not waited for by anybody. */
const LONGEST_WORK = 30 * SECOND;

export class Chain {
  readonly #dims: Dimensions;
  readonly #received = new Map<string, DnsRow[]>();
  readonly #forwards = new Map<string, DnsRow[]>();
  readonly #answers: Answers;
  /** Answers that servers gave from another socket than they were asked on. */
  readonly #loose = new Map<string, DnsRow[]>();

  constructor(dims: Dimensions, messages: readonly DnsRow[]) {
    this.#dims = dims;
    this.#answers = new Answers(messages);
    for (const row of messages) {
      if (row.response) {
        if (row.side === 'server' && row.partner === null) pushTo(this.#loose, key(row.messageId, row), row);
      } else if (row.side === 'server') pushTo(this.#received, key(row.messageId, row), row);
      else if (row.side === 'forward') pushTo(this.#forwards, key(pidOf(dims, row.thread), row), row);
    }
  }

  /** The server's view of a client's question; null: no process on this node received it in the capture. */
  hop(query: DnsRow): Hop | null {
    const candidates = this.#received.get(key(query.messageId, query)) ?? [];
    const port = localEnd(this.#dims, query.fd).split(':').at(-1);
    const near = between(candidates, timeOf, query.start - TRANSIT / 1000, query.start + TRANSIT);
    const received = near.find((row) => remoteEnd(this.#dims, row.fd).endsWith(`:${port}`));
    if (received === undefined) return null;
    const pid = pidOf(this.#dims, received.thread);
    const answered = this.#answers.of(received) ?? this.#looseAnswer(received);
    const until = answered?.time ?? Infinity;
    const forwards = between(this.#forwards.get(key(pid, query)) ?? [], timeOf, received.time, until);
    return { pid, comm: this.#dims.threads.get(received.thread)?.comm ?? '', received, answered, forwards };
  }

  #looseAnswer(received: DnsRow): DnsRow | null {
    const client = remoteEnd(this.#dims, received.fd);
    const later = between(this.#loose.get(key(received.messageId, received)) ?? [], timeOf, received.time, received.time + LONGEST_WORK);
    return later.find((row) => remoteEnd(this.#dims, row.fd) === client) ?? null;
  }
}

function key(id: number, { qname, qtype }: DnsRow): string {
  return `${id} ${qtype} ${qname.toLowerCase()}`;
}

const timeOf = ({ time }: DnsRow) => time;
