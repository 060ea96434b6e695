/** Lookups that took long though an answer came in the end: who of those that were asked cost the time. */
import { unansweredTypes } from '../../dns/attempt.ts';
import type { Lookup } from '../../dns/lookup.ts';
import type { Try } from '../../dns/try.ts';
import type { ProcessName } from '../story.ts';
import { cause, type Facts, type Found, total } from './cause.ts';
import {
  type Asked,
  type CutOff,
  cutOffOf,
  type Dropping,
  dnsEvidence,
  droppingOf,
  hopsOf,
  lostNear,
  type NamePhase,
  processOf,
  SILENCE,
  type Sought,
  serversOf,
  soughtOf,
  triesOf,
} from './dns-facts.ts';
import { list } from './names.ts';
import { row } from './row.ts';

/** `from`: the addresses that the answers had. */
type FromElsewhere = Sought & { readonly servers: readonly string[]; readonly from: readonly string[] };
type HalfAnswered = Sought & {
  readonly servers: readonly string[];
  /** Types of records. */
  readonly answered: readonly string[];
  readonly silent: readonly string[];
  readonly lost: number;
  readonly questions: number;
  readonly library: Lookup['library'];
  readonly cutOff: CutOff | null;
};
/** `within`: ns that the resolver waited. `after`: ns to the answer of the next. `received`: what a server on this node did with it; null: not seen. */
type QuestionLost = Sought & {
  readonly server: string;
  readonly many: boolean;
  readonly within: number;
  readonly after: number;
  readonly received: { readonly by: ProcessName; readonly answered: boolean } | null;
  readonly dropped: Dropping | null;
};
/** `after`: ns from the question to the answer. `by`: the server's process; null: elsewhere. `again`: it was asked again meanwhile. */
interface Late {
  readonly after: number;
  readonly by: ProcessName | null;
  readonly again: boolean;
  readonly cutOff: CutOff | null;
}

// biome-ignore format: a table
export const DNS_ANSWERED_CAUSES = {
  'dns-answer-from-other-address': row<FromElsewhere>('Answers from another address', 0.85, 'conntrack -L -p udp --dport 53; sysctl net.bridge.bridge-nf-call-iptables', ['let the answers have the address that was asked', 'let a DNS server with several addresses answer from the one that was asked']),
  'dns-one-type-unanswered': row<HalfAnswered>('A type of record that is never answered', 0.85, 'dig TYPE NAME @SERVER', ['let the DNS server answer questions of that type, with an empty answer where there is no such record'], SILENCE),
  'dns-question-lost': row<QuestionLost>('A question that was lost', 0.85, 'conntrack -S: insert_failed', ['look for what drops single packets: two questions at once from one port race in conntrack (insert_failed in conntrack -S)', 'set options single-request-reopen, or use NodeLocal DNSCache, where it is that race'], SILENCE),
  'dns-late-answer': row<Sought & Late & { readonly server: string; readonly limit: number }>('An answer that came too late', 0.85, 'dig TYPE NAME @SERVER: its query time', ['look at the load of the DNS server, and at what it asks itself', 'cache names near the client (NodeLocal DNSCache)']),
};

/** Of the time that was lost, what one culprit must have cost to be named alone. */
const MOST = 0.5;
/** An answer that comes this soon after a repeated question, as a part of the wait before, is not the first question's. */
const AT_ONCE = 0.05;

/** What is to be said of names that were answered late; null: the servers answered what they were asked, slowly. */
export function answeredCause(found: Asked, slow: readonly NamePhase[], facts: Facts): Found | null {
  return (
    fromElsewhere(found, slow) ??
    oneServerSilent(found, slow, facts) ??
    oneTypeUnanswered(found, slow, facts) ??
    askedAgain(found, slow, facts)
  );
}

/** Answers that came from another address than the one asked: a resolver does not take them. */
export function fromElsewhere(found: Asked, phases: readonly NamePhase[]): Found | null {
  const tries = triesOf(phases).filter(({ from }) => from !== null);
  if (tries.length === 0) return null;
  const servers = serversOf(tries);
  const known = { ...soughtOf(found, phases), servers, from: [...new Set(tries.map(({ from }) => from!))] };
  const fixes = [
    `let the answers have the address that was asked (${list(servers)}): the address translation on their way back is missing (conntrack, br_netfilter with bridge-nf-call-iptables, asymmetric routes)`,
    'let a DNS server with several addresses answer from the one that was asked',
  ];
  return cause('dns-answer-from-other-address', known, { cost: known.waited, nums: dnsEvidence(phases), fixes });
}

/** One of several servers never answers: every lookup waits for it first. */
function oneServerSilent(found: Asked, slow: readonly NamePhase[], facts: Facts): Found | null {
  const tries = triesOf(slow);
  const answering = serversOf(tries.filter(isAnswered));
  const silent = tries.filter((one) => isWaited(one) && !answering.includes(one.server));
  if (answering.length === 0 || waste(silent) < MOST * total(slow)) return null;
  const servers = serversOf(silent);
  const dropped = droppingOf(tries, facts);
  const next = { servers: answering, wasted: waste(silent) };
  const known = { ...soughtOf(found, slow), servers, lost: lostNear(facts, slow), dropped, next, outcomes: [], cutOff: null };
  const fixes = [
    `repair ${list(servers)}, or take it out of resolv.conf: each lookup asks it first`,
    'set options timeout:1 to wait less for it',
  ];
  const id = dropped === null ? 'dns-server-silent' : 'dns-packets-dropped';
  return cause(id, { ...known, contradictions: [] }, { cost: known.waited, nums: dnsEvidence(slow), fixes });
}

/** A is answered and AAAA is not, or the other way round. */
export function oneTypeUnanswered(found: Asked, slow: readonly NamePhase[], facts: Facts): Found | null {
  const halves = slow.filter(({ dns }) => hasHalf(dns.attempt.tries));
  if (total(halves) < MOST * total(slow)) return null;
  const tries = triesOf(halves);
  const silent = [...new Set(halves.flatMap(({ dns }) => unansweredTypes(dns.attempt.tries)))];
  const unanswered = tries.filter(({ qtype }) => silent.includes(qtype));
  const known = {
    ...soughtOf(found, halves),
    servers: serversOf(unanswered),
    answered: [...new Set(tries.filter(isAnswered).map(({ qtype }) => qtype))],
    silent,
    lost: lostNear(facts, halves),
    questions: unanswered.length,
    library: found.lookup.library,
    cutOff: cutOffOf(halves),
  };
  const fixes = [
    `let the DNS server answer ${list(silent)} questions, with an empty answer where there is no such record: a firewall or proxy before it may drop them, or a NAT the second of two packets at once`,
    silent.includes('AAAA') ? 'ask for IPv4 addresses only (AF_INET) where there is no IPv6' : 'look at the server’s log for the question',
  ];
  return cause('dns-one-type-unanswered', known, { cost: total(slow), nums: dnsEvidence(slow), fixes });
}

function hasHalf(tries: readonly Try[]): boolean {
  const silent = unansweredTypes(tries);
  return silent.length > 0 && tries.some((one) => isWaited(one) && silent.includes(one.qtype)) && tries.some(isAnswered);
}

/** A question was repeated before its answer came: it was lost, or its answer took longer than the resolver waits. */
function askedAgain(found: Asked, slow: readonly NamePhase[], facts: Facts): Found | null {
  const again = slow.filter(({ dns }) => repeated(dns.attempt.tries) !== null);
  const waited = triesOf(again).filter(isWaited);
  if (waste(waited) < MOST * total(slow)) return null;
  const { first, last } = repeated(again[0]!.dns.attempt.tries)!;
  const hop = again[0]!.dns.hops.find(({ query }) => query === first.query)?.hop ?? null;
  const seen = hopsOf(again).length > 0;
  const answeredInTime = hop !== null && hop.answered !== null && hop.answered.time <= first.end;
  const isLate = !answeredInTime && (hop !== null || !seen) && last.end - last.start >= AT_ONCE * (first.end - first.start);
  const sought = { ...soughtOf(found, slow), failed: false };
  const by = hop === null ? null : processOf(hop);
  if (isLate) return lateAnswer(sought, first, { after: last.end - first.start, by, again: true, cutOff: null }, slow);
  const known = {
    ...sought,
    server: first.server,
    many: waited.length > 1,
    within: first.end - first.start,
    after: last.end - last.start,
    received: by === null ? null : { by, answered: hop!.answered !== null },
    dropped: droppingOf(triesOf(again), facts),
  };
  return cause('dns-question-lost', known, { cost: total(slow), nums: dnsEvidence(slow) });
}

export function lateAnswer(sought: Sought, { server, start, end }: Try, late: Late, phases: readonly NamePhase[]): Found {
  const known = { ...sought, ...late, server, limit: end - start };
  return cause('dns-late-answer', known, { cost: total(phases), nums: dnsEvidence(phases) });
}

/** The first sending of a question that was repeated, and the one that was answered. */
function repeated(tries: readonly Try[]): { first: Try; last: Try } | null {
  for (const last of tries) {
    if (!isAnswered(last) || last.nth === 1) continue;
    const first = tries.find((one) => isWaited(one) && one.qtype === last.qtype && one.server === last.server && one.start < last.start);
    if (first !== undefined) return { first, last };
  }
  return null;
}

/** It was waited for, and no answer came in that time. */
function isWaited({ result }: Try): boolean {
  return result === 'TIMEOUT' || result === 'ABORTED' || result === 'UNANSWERED';
}

export function isAnswered({ answer, result }: Try): boolean {
  return answer !== null || result === 'ANSWERED';
}

/** ns that were spent on tries, those at the same time once. */
function waste(tries: readonly Try[]): number {
  let [sum, until] = [0, -Infinity];
  for (const { start, end } of [...tries].sort((a, b) => a.start - b.start)) {
    sum += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return sum;
}
