/**
 * From messages to lookups: what one getaddrinfo did. A resolver tries a name with one search suffix after another, asks for
 * A and AAAA each time, and asks again when nothing comes. Those queries are one lookup of several attempts.
 */
import type { DnsRow } from '../model/dns.ts';
import type { Dimensions } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { Answers, isFinal } from './answers.ts';
import { type Attempt, toAttempt } from './attempt.ts';
import { type Draft, Drafts } from './draft.ts';
import { allMessages } from './implied.ts';
import { libraryOf, type ResolverLibrary } from './library.ts';
import { contradictions, inferResolver, pidOf, Resolvers, type ResolverUsed } from './resolver.ts';
import { noTraces, type Span, type Traces, type TracesOf } from './traces.ts';

export type { Attempt } from './attempt.ts';
export type { ResolverUsed } from './resolver.ts';

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
  /** What the queries did that the resolver's file does not say, in words. */
  readonly contradictions: readonly string[];
  readonly library: ResolverLibrary;
}

/** What stands after the last question of a lookup is looked into for so long: a TCP connection may take its time. */
const AFTER = 130 * SECOND;

/**
 * All lookups that clients made, in the order in which they began.
 * `end`: the capture's. `messages`: the capture's and the implied ones, in the order of their events.
 * `tracesOf`: what else the events show; left out, errors and the ends of waits are guessed from the messages.
 */
export function findLookups(
  dims: Dimensions,
  end: number,
  messages: readonly DnsRow[] = allMessages(dims),
  tracesOf: TracesOf = () => noTraces(dims),
): Lookup[] {
  const answers = new Answers(messages);
  const resolvers = new Resolvers(dims);
  const drafts = new Drafts(answers, (pid, time) => resolvers.at(pid, time));
  for (const query of messages) if (!query.response && query.side === 'client') drafts.add(pidOf(dims, query.thread), query);
  const spans = openSpans(drafts.all, answers);
  const traces = spans.length === 0 ? noTraces(dims) : tracesOf(spans);
  return drafts.all.map((draft, i) => finish(draft, i + 1, { answers, traces, dims, end }));
}

/** The times of lookups in which a question had no answer that a resolver is content with. */
function openSpans(drafts: readonly Draft[], answers: Answers): Span[] {
  const spans: { from: number; to: number }[] = [];
  for (const { attempts, lastTime } of drafts) {
    const isOpen = attempts.some(({ queries }) =>
      queries.some((query) => {
        const answer = answers.of(query);
        return query.partner === null || (answer !== null && !isFinal(answer));
      }),
    );
    if (!isOpen) continue;
    const [from, to] = [attempts[0]!.queries[0]!.start, lastTime + AFTER];
    const last = spans.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else spans.push({ from, to });
  }
  return spans;
}

interface Known {
  readonly answers: Answers;
  readonly traces: Traces;
  readonly dims: Dimensions;
  readonly end: number;
}

function finish(draft: Draft, id: number, known: Known): Lookup {
  const { attempts: tried, thread, pid } = draft;
  const name = draft.stem.name(draft.resolver?.ndots ?? 1);
  const queries = tried.flatMap((one) => one.queries);
  const resolver = draft.resolver ?? inferResolver([...new Set(draft.names)], name, queries);
  const library = libraryOf(queries, known.dims);
  const attempts = tried.map((one, i) => {
    const next = tried[i + 1]?.queries[0]?.start ?? null;
    return toAttempt(one.queries, name, { ...known, resolver, library, next });
  });
  const last = attempts.at(-1)!;
  return {
    id,
    name,
    thread,
    pid,
    start: attempts[0]!.start,
    end: last.end,
    attempts,
    result: last.result,
    addresses: last.result === 'NOERROR' ? addressesOf(last.answers) : [],
    resolver,
    contradictions: contradictions(resolver, library, attempts),
    library,
  };
}

function addressesOf(answers: readonly DnsRow[]): string[] {
  const records = answers.flatMap((answer) => answer.answers);
  return [...new Set(records.filter(({ type }) => type === 'A' || type === 'AAAA').map(({ data }) => data))];
}
