/**
 * One sending of one question to one server, and what became of it. Who did not answer is told from who answered late, from
 * another address, or was not waited for.
 */
import type { DnsRow } from '../model/dns.ts';
import type { Dimensions } from '../model/rows.ts';
import { MS, SECOND } from '../model/time.ts';
import { type Answers, isTruncated } from './answers.ts';
import type { ResolverLibrary } from './library.ts';
import type { ResolverUsed } from './resolver.ts';
import { bracketed } from './server.ts';
import { isFar, socketOf, type Traces } from './traces.ts';

export interface Try {
  readonly query: DnsRow;
  /** `10.96.0.10:53`. */
  readonly server: string;
  /** A, AAAA, PTR … */
  readonly qtype: string;
  /** 1 for the first sending of this question to this server. */
  readonly nth: number;
  /** null: none came, or it is not in this part of a capture. */
  readonly answer: DnsRow | null;
  readonly start: number;
  /** When it was answered, or no longer waited for. */
  readonly end: number;
  /**
   * Of its answer: NOERROR (with records), NODATA, NXDOMAIN, SERVFAIL, REFUSED …, TRUNCATED (to be asked again over TCP).
   * Without one: TIMEOUT; UNREACHABLE (an error said so at once); ABORTED (its process ended first, or closed the socket);
   * UNANSWERED (the capture ended first, or the resolver went on without waiting). ANSWERED: in another part of the capture.
   */
  readonly result: string;
  /** errno's name of the error that the resolver got, POLLERR, or the kernel's reason to drop the question: NO_SOCKET. */
  readonly error: string | null;
  /** Another address than the one that was asked, from which the answer came, so that it was not accepted. */
  readonly from: string | null;
  /** ns after which an answer came that was no longer waited for; null: none did. */
  readonly late: number | null;
  /** Numbers of events beside the messages that show it. */
  readonly nums: readonly number[];
}

/** What the tries of one name have in common. */
export interface TryContext {
  readonly dims: Dimensions;
  readonly answers: Answers;
  readonly traces: Traces;
  readonly resolver: ResolverUsed;
  readonly library: ResolverLibrary;
  /** When the next name was tried; null: none was. */
  readonly next: number | null;
  /** The capture's end. */
  readonly end: number;
}

/** After this much waiting it was waiting: no resolver has a shorter timeout, and those that share it out have a fifth of it. */
const SHORTEST_TIMEOUT = 0.9 * SECOND;
/** Who asks again sooner asks others at once, or was told of an error. */
const SHORTEST_PAUSE = 100 * MS;
/** A timer may fire this much of its span too early, as we see it. */
const EARLY = 0.9;
/** An answer to a question that nobody waits for any more is looked for within this time. */
const LATEST = 30 * SECOND;
/** An error may be seen this long after the next question was sent: calls end after they begin. */
const SLACK = 1 * MS;

export function triesOf(queries: readonly DnsRow[], context: TryContext): Try[] {
  const around = queries.some(({ partner }) => partner === null) ? aroundAll(queries, context) : null;
  const nths = new Map<string, number>();
  return queries.map((query, i) => {
    const server = bracketed(query.server);
    const key = queries.length === 1 ? '' : `${query.qtype} ${server} ${query.transport}`;
    const nth = (nths.get(key) ?? 0) + 1;
    nths.set(key, nth);
    const base = { query, server, qtype: query.qtype, nth, start: query.start };
    if (query.partner !== null || around === null) return { ...base, ...answeredTry(query, context.answers.of(query), context) };
    return { ...base, answer: null, ...silentTry(query, server, around[i]!, context) };
  });
}

/** What is known around each question, by their order. */
function aroundAll(queries: readonly DnsRow[], context: TryContext): Around[] {
  const next = nextSendings(queries, context);
  const answered = firstAnswers(queries, context);
  const patience = patienceOf(queries, context.resolver);
  return queries.map(({ qtype, transport }, i) => ({
    next: next[i]!,
    answered: answered.get(qtype) ?? [],
    patience: transport === 'tcp' ? Infinity : patience,
  }));
}

type Outcome = Pick<Try, 'end' | 'result' | 'error' | 'from' | 'late' | 'nums'>;

function answeredTry(query: DnsRow, answer: DnsRow | null, { next }: TryContext): Outcome & Pick<Try, 'answer'> {
  const time = answer?.time ?? query.start + (query.latency ?? 0);
  const isLate = next !== null && time > next;
  const late = isLate ? time - query.start : null;
  const result = isLate ? 'TIMEOUT' : answer === null ? 'ANSWERED' : resultOf(answer);
  return {
    answer: isLate ? null : answer,
    end: isLate ? next : time,
    result,
    error: null,
    from: null,
    late,
    nums: isLate ? [answer?.num ?? 0] : [],
  };
}

function resultOf(answer: DnsRow): string {
  if (isTruncated(answer)) return 'TRUNCATED';
  return answer.rcode === 'NOERROR' && answer.answers.length === 0 ? 'NODATA' : (answer.rcode ?? '');
}

/** When a question of the same type was sent again, to whomever: until then its resolver waited. */
function nextSendings(queries: readonly DnsRow[], { dims }: TryContext): (number | null)[] {
  const later = new Map<string, DnsRow>();
  const next: (number | null)[] = [];
  for (let i = queries.length - 1; i >= 0; i--) {
    const query = queries[i]!;
    const row = dims.fds.get(query.fd);
    // musl asks all servers at once from one socket: only the same server's turn is the next one
    const same = `${query.qtype} ${row === undefined ? '' : socketOf(row)}`;
    const sibling = later.get(same);
    const other = later.get(query.qtype);
    const parallel = sibling !== undefined && sibling.server !== query.server;
    next[i] = (parallel ? later.get(`${same} ${query.server}`) : other)?.start ?? null;
    for (const key of [query.qtype, same, `${same} ${query.server}`]) later.set(key, query);
  }
  return next;
}

/** By type: when answers came that ended the waiting for it. */
function firstAnswers(queries: readonly DnsRow[], { answers }: TryContext): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const query of queries) {
    const answer = answers.of(query);
    if (answer === null || isTruncated(answer)) continue;
    const known = times.get(query.qtype);
    if (known === undefined) times.set(query.qtype, [answer.time]);
    else known.push(answer.time);
  }
  return times;
}

/** ns that its resolver waits for an answer: between two sendings of a question that was not answered, else as it was set. */
function patienceOf(queries: readonly DnsRow[], { timeout }: ResolverUsed): number {
  for (const type of new Set(queries.map(({ qtype }) => qtype))) {
    const sent = queries.filter(({ qtype, transport }) => qtype === type && transport === 'udp');
    const last = sent.at(-1);
    const before = sent.findLast(({ start }) => last !== undefined && start < last.start - SHORTEST_PAUSE);
    if (last !== undefined && before?.partner === null) return last.start - before.start;
  }
  return timeout * SECOND;
}

/** What is known around an unanswered question. */
interface Around {
  /** When the same was asked again; null: it was not. */
  readonly next: number | null;
  /** When answers of its type came. */
  readonly answered: readonly number[];
  /** ns that its resolver waits; over TCP without end. */
  readonly patience: number;
}

function silentTry(query: DnsRow, server: string, around: Around, context: TryContext): Outcome {
  const { traces, dims } = context;
  const ending = endingOf(query, around, context);
  const error = traces.errorOn(query, query.start, ending.end + SLACK);
  const packets = traces.packetsOf(query, query.start, ending.end + LATEST);
  const own = { netns: dims.fds.get(query.fd)?.netns ?? 0 };
  const drops = packets.filter(({ type }) => type === 'packet_drop');
  const stranger = drops.find((note) => !isFar(note, own) && isStranger(note.server, server));
  const closed = traces.closeOf(query)?.end ?? Infinity;
  const unheard = drops.filter(({ reason, server: other }) => other === server && reason === 'NO_SOCKET');
  const tooLate = unheard.find((note) => note.time >= closed && !isFar(note, own));
  const result = error === null ? silence(query, ending, around.patience, context) : 'UNREACHABLE';
  const turnedBack = drops.filter((note) => isFar(note, own) && TURNS_BACK.has(note.reason));
  // A filter that rejects tells so at once: only then nobody waits for the answer to a question that it dropped.
  const rejected =
    ending.by === 'close' ? drops.filter(({ reason, server: other }) => other === server && reason === 'NETFILTER_DROP') : [];
  const refused = [...unheard, ...turnedBack, ...rejected].find(({ time }) => time < closed && time <= ending.end);
  return {
    end: error === null ? ending.end : Math.min(ending.end, error.end),
    result: refused !== undefined && result === 'UNANSWERED' ? 'UNREACHABLE' : result,
    error: error?.error ?? refused?.reason ?? null,
    from: stranger?.server ?? null,
    late: tooLate === undefined ? null : tooLate.time - query.start,
    nums: [error?.num, refused?.num, stranger?.num, tooLate?.num].filter((num) => num !== undefined),
  };
}

/** Reasons to drop a question on its way for which the sender is told at once that there is no way. */
const TURNS_BACK: ReadonlySet<string> = new Set(['NO_SOCKET', 'IP_INNOROUTES', 'IP_OUTNOROUTES', 'NEIGH_FAILED']);

/** A port of a server's, at another address. */
function isStranger(other: string, server: string): boolean {
  return other !== server && other.endsWith(server.slice(server.lastIndexOf(':')));
}

interface Ending {
  readonly end: number;
  readonly by: 'answer' | 'next' | 'close' | 'exit' | 'capture' | 'guess';
}

/** When the waiting for an answer ended, by the first that ended it; for all that is seen it may have been the resolver's timeout. */
function endingOf(query: DnsRow, { next, answered, patience }: Around, context: TryContext): Ending {
  const { dims, traces, end } = context;
  const exit = dims.threads.get(query.thread)?.to ?? null;
  const close = traces.closeOf(query)?.start ?? null;
  const isLast = next === null && context.next === null;
  const ends: readonly (readonly [Ending['by'], number | null])[] = [
    ['answer', answered.find((time) => time > query.start) ?? null],
    ['next', next],
    ['next', context.next],
    ['close', close],
    ['exit', exit !== null && exit <= end && exit >= query.start ? exit : null],
    ['guess', isLast && close === null ? query.start + patience : null],
    ['capture', end],
  ];
  let first: Ending = { end: Infinity, by: 'capture' };
  for (const [by, time] of ends) if (time !== null && time < first.end) first = { end: Math.max(time, query.start), by };
  return first;
}

/** What it means that no answer came. */
function silence({ start }: DnsRow, { end, by }: Ending, patience: number, { library }: TryContext): string {
  const waited = end - start;
  if (by === 'capture') return 'UNANSWERED';
  if ((by === 'exit' || (by === 'close' && library === 'go')) && waited < EARLY * patience) return 'ABORTED';
  return waited >= Math.min(patience / 5, SHORTEST_TIMEOUT) ? 'TIMEOUT' : 'UNANSWERED';
}
