/** What the causes of slow or failed lookups know, and where it is found. */
import type { Hidden } from '../../capture/blind-spot-kinds.ts';
import type { Hop } from '../../dns/chain.ts';
import type { Lookup } from '../../dns/lookup.ts';
import type { Try } from '../../dns/try.ts';
import type { DnsRow } from '../../model/dns.ts';
import type { DnsPhase, Phase, ProcessName, Trouble } from '../story.ts';
import { type Facts, total } from './cause.ts';
import { drops } from './names.ts';
import { type Vanished, vanishedOf } from './vanished.ts';

export type NamePhase = Phase & { readonly dns: DnsPhase };

/** One lookup on the path, and what of it is there. */
export interface Asked {
  readonly lookup: Lookup;
  readonly phases: readonly NamePhase[];
  readonly owner: ProcessName;
}

/** Who looked what up. `waited`: ns of it that the cause is about. `failed`: the lookup brought no answer in the end. */
export interface Sought {
  readonly owner: ProcessName;
  readonly name: string;
  /** Of the first question: `A`, `PTR`. */
  readonly qtype: string;
  readonly waited: number;
  readonly failed: boolean;
}

/** A lookup that its own process ended. `after`: ns since its last question. `timeout`: s that its resolver waits. */
export interface CutOff {
  readonly after: number;
  readonly timeout: number;
}

/** Servers that a DNS server on this node asked without an answer. `before`: ns of the last question before the capture's end; null: long before. */
export interface Upstream {
  readonly by: ProcessName;
  readonly servers: readonly string[];
  readonly times: number;
  readonly before: number | null;
}

/** How a server's questions ended, where several servers were asked. */
export interface Outcome {
  readonly server: string;
  readonly results: readonly string[];
}

/** A lookup that brought nothing. */
export interface Unfound extends Sought {
  /** With how many search suffixes, and without one, it was asked for. */
  readonly forms: number;
  readonly servers: readonly string[];
  /** Those of the servers that answered. */
  readonly said: readonly string[];
  readonly result: string;
  /** No server answered. */
  readonly silent: boolean;
  /** ns that its resolver waited for one question. */
  readonly longest: number;
  /** It was waited for; otherwise it failed at once. */
  readonly slow: boolean;
  readonly outcomes: readonly Outcome[];
  readonly cutOff: CutOff | null;
  readonly contradictions: readonly string[];
}

/** Packets that the kernel dropped: its reasons, and where; `where` is null: the capture does not show it. */
export interface Dropping {
  readonly reasons: readonly string[];
  readonly where: Vanished | null;
}

/** A server that did not answer. */
export interface SilentServer extends Sought {
  readonly servers: readonly string[];
  /** Events that are missing near: then nobody can say that it never answered. */
  readonly lost: number;
  readonly dropped: Dropping | null;
  /** Those that were asked next and answered, and the ns that were wasted before; null: none did. */
  readonly next: { readonly servers: readonly string[]; readonly wasted: number } | null;
  readonly outcomes: readonly Outcome[];
  readonly cutOff: CutOff | null;
  readonly contradictions: readonly string[];
}

/** What would have shown that silence was something else. */
export const SILENCE: readonly Hidden[] = ['dropped-packets', 'udp-queues'];

/** Where events were lost this near to a verdict, what is missing may be among them. */
const NEAR = 1e9;

export function soughtOf({ lookup: { name, attempts, result }, owner }: Asked, phases: readonly NamePhase[]): Sought {
  const failed = result !== 'NOERROR' && result !== 'NODATA' && result !== 'ANSWERED';
  return { owner, name, qtype: attempts[0]!.queries[0]!.qtype, waited: total(phases), failed };
}

export function triesOf(phases: readonly NamePhase[]): Try[] {
  return phases.flatMap(({ dns }) => dns.attempt.tries);
}

export function hopsOf(phases: readonly NamePhase[]): Hop[] {
  return phases.flatMap(({ dns }) => dns.hops.map(({ hop }) => hop));
}

/** Servers that were asked, in the order in which they were. */
export function serversOf(tries: readonly Pick<Try, 'server'>[]): string[] {
  return [...new Set(tries.map(({ server }) => server))];
}

/** Empty where only one server was asked. */
export function outcomesOf(tries: readonly Try[]): Outcome[] {
  const servers = serversOf(tries);
  if (servers.length < 2) return [];
  const resultsOf = (server: string) => [...new Set(tries.filter((one) => one.server === server).map(({ result }) => result))];
  return servers.map((server) => ({ server, results: resultsOf(server) }));
}

/** Events that were lost in a time, or next to it. */
export function lostNear({ analysis }: Facts, phases: readonly NamePhase[]): number {
  const from = Math.min(...phases.map(({ start }) => start)) - NEAR;
  const to = Math.max(...phases.map(({ end }) => end)) + NEAR;
  let lost = 0;
  for (const loss of analysis.dims.losses.all()) if (loss.from <= to && loss.to >= from) lost += loss.count;
  return lost;
}

/** null: nobody cut it off. */
export function cutOffOf(phases: readonly NamePhase[]): CutOff | null {
  const aborted = phases.find(({ dns }) => dns.attempt.result === 'ABORTED');
  if (aborted === undefined) return null;
  const { attempt, lookup } = aborted.dns;
  return { after: attempt.end - attempt.tries.at(-1)!.start, timeout: lookup.resolver.timeout };
}

/** What the kernel dropped of questions, or of their answers; null: nothing. */
export function droppingOf(tries: readonly Try[], facts: Facts): Dropping | null {
  const dropped = droppedNear(tries, facts);
  if (dropped.length === 0) return null;
  return { reasons: [...new Set(dropped.map(({ reason }) => reason))], where: vanishedOf(facts.analysis, dropped) };
}

/** NO_SOCKET counts at the server's end alone. */
function droppedNear(tries: readonly Try[], { analysis }: Facts): Trouble[] {
  const found = tries.flatMap(({ query, error }) => {
    const fd = analysis.dims.fds.get(query.fd);
    if (fd === undefined) return [];
    const near = analysis.troubles.of(`${fd.localIp}:${fd.localPort}`, query.start - NEAR, query.start + NEAR);
    return drops(near).filter(({ reason }) => reason !== 'NO_SOCKET' || error === 'NO_SOCKET' || error === 'ECONNREFUSED');
  });
  return [...new Set(found)];
}

/** null: all that it asked was answered. */
export function upstreamOf(hops: readonly Hop[], { analysis }: Facts): Upstream | null {
  const unanswered = [...new Set(hops.flatMap((hop) => hop.forwards))].filter(({ partner }) => partner === null);
  if (unanswered.length === 0) return null;
  const before = analysis.end - unanswered.reduce((latest, { time }) => Math.max(latest, time), 0);
  return { by: processOf(hops[0]!), servers: serversOf(unanswered), times: unanswered.length, before: before < 4e9 ? before : null };
}

export function processOf({ comm, pid }: ProcessName): ProcessName {
  return { comm, pid };
}

/** The questions, their answers, what the server asked on, and what the kernel said. */
export function dnsEvidence(phases: readonly NamePhase[]): number[] {
  return phases.flatMap(({ dns }) => [
    ...[...dns.attempt.queries, ...dns.attempt.answers].map(({ num }) => num),
    ...dns.attempt.tries.flatMap((one) => one.nums),
    ...(dns.attempt.tcp === null ? [] : [dns.attempt.tcp.num]),
    ...dns.hops.flatMap(({ hop }) => [hop.received, ...hop.forwards].map(({ num }: DnsRow) => num)),
  ]);
}
