/**
 * From messages to lookups: what one getaddrinfo did. A resolver tries a name with one search suffix after another, asks for
 * A and AAAA each time, and asks again when nothing comes. Those queries are one lookup of several attempts.
 */
import type { DnsRow } from '../model/dns.ts';
import { firstAfter } from '../model/history.ts';
import type { Dimensions } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { allMessages } from './implied.ts';
import { libraryOf, type ResolverLibrary } from './library.ts';
import { type Draft, MOST_NAMES, OpenLookups } from './open-lookups.ts';
import { DEFAULTS, parseResolvConf, type ResolvConf } from './resolv.ts';

/** One name tried. */
export interface Attempt {
  readonly name: string;
  /** The search domain that was appended; empty: the name as asked. */
  readonly suffix: string;
  readonly server: string;
  readonly queries: readonly DnsRow[];
  readonly answers: readonly DnsRow[];
  readonly start: number;
  /** When the last answer came; for one that was never answered, when the next attempt began or the resolver gave up. */
  readonly end: number;
  /**
   * NOERROR (with addresses), NODATA, NXDOMAIN, SERVFAIL, REFUSED; without an answer TIMEOUT, UNREACHABLE (the resolver did not
   * wait: the network told it at once), or UNANSWERED (the capture ended before the resolver gave up).
   * ANSWERED: the answer is not in this part of a capture.
   */
  readonly result: string;
  /** It did not give the answer. */
  readonly wasted: boolean;
  /** ns after which an answer came that the resolver no longer waited for; null: none did. */
  readonly late: number | null;
}

export interface Lookup {
  readonly id: number;
  /** The name that was asked for, as far as it shows. */
  readonly name: string;
  /** Row of the thread that asked first. */
  readonly thread: number;
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  readonly attempts: readonly Attempt[];
  /** The result of the last attempt. */
  readonly result: string;
  readonly addresses: readonly string[];
  readonly resolver: ResolverUsed;
  readonly library: ResolverLibrary;
}

/** How the process' resolver was set, and how we know. */
export interface ResolverUsed extends ResolvConf {
  /** `read`: the process read the file in the capture; `inferred`: from what it asked. */
  readonly source: 'read' | 'inferred';
  /** Number of the event that read it. */
  readonly num: number | null;
}

/** A lookup while its queries are gathered. */
interface Gathered extends Draft {
  readonly pid: number;
  readonly resolver: ResolverUsed | null;
  readonly attempts: DnsRow[][];
  readonly names: string[];
  final: Set<string>;
  unanswered: number;
  succeeded: boolean;
  lastTime: number;
}

/**
 * All lookups that clients made, in the order in which they began.
 * `end`: the capture's. `messages`: the capture's and the implied ones, in the order of their events.
 */
export function findLookups(dims: Dimensions, end: number, messages: readonly DnsRow[] = allMessages(dims)): Lookup[] {
  const answers = answersByNum(messages);
  const resolvers = new Resolvers(dims);
  const open = new Map<number, OpenLookups<Gathered>>();
  const drafts: Gathered[] = [];
  for (const query of messages) {
    if (query.response || query.side !== 'client') continue;
    const pid = pidOf(dims, query.thread);
    const ofProcess = open.get(pid) ?? new OpenLookups<Gathered>(mayGoOn);
    open.set(pid, ofProcess);
    let draft = ofProcess.find(query);
    if (draft === null) {
      draft = newDraft(drafts.length + 1, pid, query, resolvers.at(pid, query.time));
      drafts.push(draft);
    }
    if (gather(draft, query, answers)) ofProcess.add(draft, stemKeys(draft));
  }
  return drafts.map((draft) => finish(draft, draft.id, answers, dims, end));
}

function newDraft(id: number, pid: number, { thread, time }: DnsRow, resolver: ResolverUsed | null): Gathered {
  return { id, pid, thread, resolver, attempts: [], names: [], final: new Set(), unanswered: 0, succeeded: false, lastTime: time };
}

/** Adds a query to its lookup; true: it asks for another name than the one before. */
function gather(draft: Gathered, query: DnsRow, answers: ReadonlyMap<number, DnsRow>): boolean {
  const name = query.qname.toLowerCase();
  const another = draft.names.at(-1) !== name;
  if (another) {
    draft.names.push(name);
    draft.attempts.push([]);
    draft.final = new Set();
    draft.unanswered = 0;
    draft.succeeded = false;
  }
  const answer = query.partner === null ? undefined : answers.get(query.partner);
  draft.attempts.at(-1)!.push(query);
  draft.lastTime = query.time;
  if (query.partner === null) draft.unanswered++;
  if (isFinal(answer)) draft.final.add(query.qtype);
  if (answer !== undefined && answer.answers.length > 0) draft.succeeded = true;
  return another;
}

/** A server that fails is asked again, or the next one is: only another answer is final. */
function isFinal(answer: DnsRow | undefined): boolean {
  return answer !== undefined && answer.rcode !== 'SERVFAIL' && answer.rcode !== 'REFUSED' && !answer.flags.includes('tc');
}

function mayGoOn({ names, resolver }: Gathered, name: string): boolean {
  return names.length < MOST_NAMES && sameStem(names, name, resolver);
}

/** What of its first name every later one of a lookup begins with. */
function stemKeys({ names, resolver }: Gathered): string[] {
  return resolver === null ? names[0]!.split('.', 1) : stemsOf(names[0]!, resolver.search);
}

/** Whether a name has the stem of the names tried before: with a known search list exactly, else by common first labels. */
function sameStem(tried: readonly string[], name: string, resolver: ResolverUsed | null): boolean {
  if (resolver !== null) {
    const stems = tried.map((candidate) => stemsOf(candidate, resolver.search));
    return stemsOf(name, resolver.search).some((stem) => stems.every((others) => others.includes(stem)));
  }
  return commonLabels([...tried, name]) > 0;
}

/** What a name may have been before a search domain was appended. */
function stemsOf(name: string, search: readonly string[]): string[] {
  const suffixes = search.filter((domain) => name.endsWith(`.${domain.toLowerCase()}`));
  return [name, ...suffixes.map((domain) => name.slice(0, -domain.length - 1))];
}

function commonLabels(names: readonly string[]): number {
  const [first, ...rest] = names.map((name) => name.split('.'));
  let n = 0;
  while (first![n] !== undefined && rest.every((labels) => labels[n] === first![n])) n++;
  return n;
}

function finish(draft: Gathered, id: number, answers: ReadonlyMap<number, DnsRow>, dims: Dimensions, end: number): Lookup {
  const { names } = draft;
  const name = askedName(names, draft.resolver);
  const resolver = draft.resolver ?? inferResolver(names, name, draft);
  const attempts = draft.attempts.map((queries, i) => {
    const next = draft.attempts[i + 1]?.[0]?.start ?? null;
    return toAttempt(
      queries,
      name,
      { next, giveUp: giveUp(queries, resolver, dims, end), end, timeout: resolver.timeout * SECOND },
      answers,
    );
  });
  const last = attempts.at(-1)!;
  const addresses = last.answers.flatMap((answer) =>
    answer.answers.filter(({ type }) => type === 'A' || type === 'AAAA').map(({ data }) => data),
  );
  return {
    id,
    name,
    thread: draft.thread,
    pid: draft.pid,
    start: attempts[0]!.start,
    end: last.end,
    attempts,
    result: last.result,
    addresses: [...new Set(addresses)],
    resolver,
    library: libraryOf(draft.attempts.flat(), dims),
  };
}

interface Limits {
  /** When the next attempt began; null: there was none. */
  readonly next: number | null;
  /** When the resolver stops waiting. */
  readonly giveUp: number;
  /** The capture's end. */
  readonly end: number;
  /** How long it waits for an answer before it asks again. */
  readonly timeout: number;
}

function toAttempt(queries: readonly DnsRow[], stem: string, limits: Limits, answers: ReadonlyMap<number, DnsRow>): Attempt {
  const { next, giveUp, end } = limits;
  const { qname, server, start } = queries[0]!;
  const all = queries.flatMap((query) => answers.get(query.partner ?? -1) ?? []);
  const got = all.filter(({ time }) => next === null || time <= next);
  const late = all.length > got.length ? latest(all.map(({ time }) => time)) - start : null;
  /** Answered, but the answer is not in this part of a capture. */
  const elsewhere = queries.filter(({ partner }) => partner !== null && !answers.has(partner));
  const answeredTypes = new Set([...got, ...elsewhere].map(({ qtype }) => qtype));
  const complete = queries.every(({ qtype }) => answeredTypes.has(qtype));
  const times = [...got.map(({ time }) => time), ...elsewhere.map((query) => query.start + (query.latency ?? 0))];
  const lastAnswer = times.length === 0 ? null : latest(times);
  const attemptEnd = complete && lastAnswer !== null ? Math.min(lastAnswer, next ?? Infinity) : (next ?? Math.min(giveUp, end));
  const waited = attemptEnd - queries.at(-1)!.start;
  const result = got.length > 0 ? resultOf(got) : elsewhere.length > 0 ? 'ANSWERED' : silence(waited, limits);
  const suffix = qname.length > stem.length ? qname.slice(stem.length + 1) : '';
  return {
    late,
    name: qname,
    suffix,
    server,
    queries,
    answers: got,
    start,
    end: attemptEnd,
    result,
    wasted: result !== 'NOERROR' && result !== 'ANSWERED',
  };
}

/** Not by spreading: a name may have been asked for more often than a call takes arguments. */
function latest(times: readonly number[]): number {
  return times.reduce((most, time) => Math.max(most, time), -Infinity);
}

/** What it means that no answer came. musl shares its timeout among its attempts: a fifth of the time is still waiting. */
function silence(waited: number, { next, giveUp, end, timeout }: Limits): string {
  if (next === null && giveUp > end) return 'UNANSWERED';
  return waited < timeout / 5 ? 'UNREACHABLE' : 'TIMEOUT';
}

/** The best of the answers: addresses before empty ones, an error only where nothing else came. */
function resultOf(answers: readonly DnsRow[]): string {
  if (answers.some((answer) => answer.rcode === 'NOERROR' && answer.answers.length > 0)) return 'NOERROR';
  const rcodes = answers.map(({ rcode }) => rcode ?? '');
  return rcodes.find((rcode) => rcode !== 'NOERROR') ?? 'NODATA';
}

/** When a resolver stops waiting for an answer to the last of these queries: its thread's end, or its timeout. */
function giveUp(queries: readonly DnsRow[], resolver: ResolverUsed, dims: Dimensions, end: number): number {
  const last = queries.at(-1)!;
  const thread = dims.threads.get(last.thread);
  const exit = thread?.to ?? Infinity;
  const repeats = queries.filter(({ qtype }) => qtype === queries[0]!.qtype).map(({ start }) => start);
  const pause = repeats.length > 1 ? repeats.at(-1)! - repeats.at(-2)! : resolver.timeout * SECOND;
  return exit <= end ? Math.min(exit, last.start + pause) : last.start + pause;
}

/** The name without what the search list added. */
function askedName(names: readonly string[], resolver: ResolverUsed | null): string {
  if (resolver !== null) {
    const stems = names.map((name) => stemsOf(name, resolver.search));
    const common = stems[0]!.filter((stem) => stems.every((others) => others.includes(stem)));
    const tried = common.filter((stem) => names.includes(stem) && names.length > 1);
    return tried[0] ?? preferredStem(common, names, resolver);
  }
  const labels = names[0]!.split('.').slice(0, Math.max(1, commonLabels(names)));
  return names.length > 1 ? labels.join('.') : names[0]!;
}

/** Of several possible names, the one that the resolver would have tried so first: few dots go through the search list. */
function preferredStem(stems: readonly string[], names: readonly string[], { ndots, search }: ResolverUsed): string {
  const dots = (name: string) => name.split('.').length - 1;
  const first = search[0]?.toLowerCase();
  const searched = stems.filter((stem) => stem !== names[0] && dots(stem) < ndots && names[0] === `${stem}.${first}`);
  return searched[0] ?? stems[0] ?? names[0]!;
}

function inferResolver(names: readonly string[], stem: string, draft: Gathered): ResolverUsed {
  const search = names.filter((name) => name.length > stem.length).map((name) => name.slice(stem.length + 1));
  const servers = draft.attempts.flat().map(({ server }) => server.replace(/:[0-9]+$/, ''));
  const ndots = names[0] === stem ? DEFAULTS.ndots : stem.split('.').length;
  return { ...DEFAULTS, ndots, search, nameservers: [...new Set(servers)], source: 'inferred', num: null };
}

function answersByNum(messages: readonly DnsRow[]): Map<number, DnsRow> {
  const byNum = new Map<number, DnsRow>();
  for (const row of messages) if (row.response) byNum.set(row.num, row);
  return byNum;
}

function pidOf(dims: Dimensions, thread: number): number {
  const row = dims.threads.get(thread);
  return row === undefined ? 0 : (dims.processes.get(row.process)?.pid ?? 0);
}

/** Which resolv.conf a process had read last. */
class Resolvers {
  readonly #byPid = new Map<number, { from: number; used: ResolverUsed }[]>();

  constructor(dims: Dimensions) {
    for (const row of dims.resolvers.all()) {
      const pid = pidOf(dims, row.thread);
      const read = this.#byPid.get(pid) ?? [];
      this.#byPid.set(pid, read);
      read.push({ from: row.time, used: { ...parseResolvConf(row.text), source: 'read', num: row.num } });
    }
  }

  at(pid: number, time: number): ResolverUsed | null {
    const read = this.#byPid.get(pid) ?? [];
    return read[firstAfter(read, time) - 1]?.used ?? null;
  }
}
