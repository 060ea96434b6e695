/** One name that a lookup tried, with all questions that were asked about it. */
import type { DnsRow } from '../model/dns.ts';
import { isFinal } from './answers.ts';
import { DNS_PORTS } from './index.ts';
import { pidOf } from './resolver.ts';
import type { Traces } from './traces.ts';
import { type Try, type TryContext, triesOf } from './try.ts';

export interface Attempt {
  readonly name: string;
  /** The search domain that was appended; empty: the name as asked. */
  readonly suffix: string;
  /** The one that was asked first. */
  readonly server: string;
  readonly queries: readonly DnsRow[];
  readonly answers: readonly DnsRow[];
  /** What became of each query, in the order of `queries`. */
  readonly tries: readonly Try[];
  /** What came of asking over TCP after a truncated answer; null: there was none, or nothing more is known. */
  readonly tcp: TcpUse | null;
  readonly start: number;
  /** When the last answer came; for one that was never answered, when the next attempt began or the resolver gave up. */
  readonly end: number;
  /**
   * The best of its tries' results: NOERROR (with addresses), NODATA, NXDOMAIN, SERVFAIL, REFUSED, TRUNCATED; without an answer
   * TIMEOUT, UNREACHABLE (the network said so), ABORTED (its process ended first), or UNANSWERED (the capture ended before the
   * resolver gave up, or it went on without waiting). ANSWERED: the answer is not in this part of a capture.
   */
  readonly result: string;
  /** It did not give the answer. */
  readonly wasted: boolean;
  /** ns after which an answer came that the resolver no longer waited for; null: none did. */
  readonly late: number | null;
}

/** A connection to a DNS server's TCP port. */
export interface TcpUse {
  readonly server: string;
  readonly start: number;
  /** When it had failed, or was closed. */
  readonly end: number;
  /** `unanswered`: nobody said anything to the SYN, or the call had not returned; `failed`: see `error`. */
  readonly outcome: 'connected' | 'failed' | 'unanswered';
  /** errno's name. */
  readonly error: string | null;
  readonly num: number;
}

/** It waited, and nothing came that it could use. */
export const SILENT: ReadonlySet<string> = new Set(['TIMEOUT', 'UNANSWERED', 'ABORTED', 'UNREACHABLE']);

export function toAttempt(queries: readonly DnsRow[], stem: string, context: TryContext): Attempt {
  const { qname, start } = queries[0]!;
  const tries = triesOf(queries, context);
  const answers = tries.flatMap(({ answer }) => answer ?? []);
  const tcp = tries.some(({ result }) => result === 'TRUNCATED') ? tcpAfter(tries, context) : null;
  const result = resultOf(tries, answers, context);
  const lates = tries.flatMap(({ late }) => late ?? []);
  return {
    name: qname,
    suffix: qname.length > stem.length ? qname.slice(stem.length + 1) : '',
    server: tries[0]!.server,
    queries,
    answers,
    tries,
    tcp,
    start,
    end: endOf(tries, tcp, context),
    result,
    wasted: result !== 'NOERROR' && result !== 'ANSWERED',
    late: lates.length === 0 ? null : lates.reduce((most, late) => Math.max(most, late), 0),
  };
}

/** When it had all that it asked for, or had stopped to wait for it. */
function endOf(tries: readonly Try[], tcp: TcpUse | null, { next, end }: TryContext): number {
  const final = tries.filter((one) => isAnswered(one) && (one.answer === null || isFinal(one.answer)));
  const last = (some: readonly { readonly end: number }[]) => some.reduce((latest, one) => Math.max(latest, one.end), tries[0]!.start);
  if (hasAllTypes(final, tries)) return Math.min(last(final), next ?? Infinity);
  const answered = tries.filter(isAnswered);
  if (tcp === null && hasAllTypes(lastTries(tries).filter(isAnswered), tries)) return Math.min(last(answered), next ?? Infinity);
  return next ?? Math.min(end, last(tcp === null ? tries : [...tries, tcp]));
}

function hasAllTypes(some: readonly Try[], tries: readonly Try[]): boolean {
  const types = new Set(some.map(({ qtype }) => qtype));
  return tries.every(({ qtype }) => types.has(qtype));
}

/** The last of each type. */
function lastTries(tries: readonly Try[]): Try[] {
  return [...new Map(tries.map((one) => [one.qtype, one])).values()];
}

function isAnswered({ result }: Try): boolean {
  return !SILENT.has(result) && result !== 'TRUNCATED';
}

/** The best of the answers: addresses before empty ones, an error only where nothing else came. */
function resultOf(tries: readonly Try[], answers: readonly DnsRow[], { library, end }: TryContext): string {
  const results = tries.map(({ result }) => result);
  const silent = unansweredTypes(tries);
  if (silent.length > 0 && library === 'musl' && !results.includes('NXDOMAIN'))
    return silenceOf(
      tries.filter(({ qtype }) => silent.includes(qtype)),
      end,
    );
  if (results.includes('NOERROR')) return 'NOERROR';
  if (results.includes('ANSWERED')) return 'ANSWERED';
  if (results.includes('NXDOMAIN')) return 'NXDOMAIN';
  if (results.includes('TRUNCATED')) return 'TRUNCATED';
  if (silent.length > 0) return silenceOf(tries, end);
  const failure = answers.findLast(({ rcode }) => rcode !== 'NOERROR');
  return failure?.rcode ?? 'NODATA';
}

/** Types of which no question was answered at all, though they were waited for. */
export function unansweredTypes(tries: readonly Try[]): string[] {
  const silent = new Set(tries.map(({ qtype }) => qtype));
  for (const { qtype, result } of tries) if (!SILENT.has(result)) silent.delete(qtype);
  return [...silent];
}

/** Of several silences the one that tells most; what the capture does not show to its end is not known. */
function silenceOf(tries: readonly Try[], end: number): string {
  const results = new Set(tries.map(({ result }) => result));
  if (results.has('ABORTED')) return 'ABORTED';
  if (tries.some((one) => one.result === 'UNANSWERED' && one.end >= end)) return 'UNANSWERED';
  if (results.has('TIMEOUT')) return 'TIMEOUT';
  const answered = tries.findLast((one) => isAnswered(one))?.result;
  if (answered !== undefined && answered !== 'NODATA') return answered;
  return results.has('UNREACHABLE') ? 'UNREACHABLE' : 'UNANSWERED';
}

/** What its process did on TCP port 53 once it had a truncated answer. */
function tcpAfter(tries: readonly Try[], { traces, dims, next, end }: TryContext): TcpUse | null {
  const truncated = tries.find(({ result }) => result === 'TRUNCATED')!;
  const until = next ?? end;
  const pid = pidOf(dims, truncated.query.thread);
  const connect = traces
    .tcpCalls(pid, truncated.end, until)
    .find(({ name, pending, server }) => (name === 'connect' || pending) && isDnsPort(server));
  if (connect === undefined) return unanswered(truncated, traces, until, dims.threads.get(truncated.query.thread)?.to ?? null);
  const { server, start, num, error, pending, socket } = connect;
  const close = traces.tcpCalls(pid, start, until).find((call) => call.name === 'close' && call.socket === socket);
  const exit = dims.threads.get(truncated.query.thread)?.to ?? null;
  const isOpen = pending || error === null || error === 'EISCONN';
  const outcome = pending || error === 'ETIMEDOUT' ? 'unanswered' : isOpen ? 'connected' : 'failed';
  return { server, start, end: isOpen ? Math.min(close?.start ?? exit ?? until, until) : connect.end, outcome, error, num };
}

/** The kernel says that nobody answered a SYN when the caller did not live to see it. */
function unanswered(truncated: Try, traces: Traces, until: number, exit: number | null): TcpUse | null {
  const note = traces.unansweredConnect(truncated.server, truncated.end, until);
  if (note === null) return null;
  const end = Math.max(note.time, Math.min(exit ?? note.time, until));
  return { server: truncated.server, start: truncated.end, end, outcome: 'unanswered', error: null, num: note.num };
}

function isDnsPort(server: string): boolean {
  return DNS_PORTS.includes(Number(server.slice(server.lastIndexOf(':') + 1)));
}
