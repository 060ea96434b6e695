/** Lookups that took long though an answer came in the end: who of those that were asked cost the time. */
import { unansweredTypes } from '../../dns/attempt.ts';
import type { Lookup } from '../../dns/lookup.ts';
import type { Try } from '../../dns/try.ts';
import { spanText } from '../../model/time.ts';
import type { ToldCause as Cause } from '../story.ts';
import { type Facts, total } from './cause.ts';
import {
  type Asked,
  cutOffText,
  dnsEvidence,
  droppedText,
  hopsOf,
  lostNear,
  type NamePhase,
  serversOf,
  soughtText,
  triesOf,
} from './dns-words.ts';
import { list, processText } from './names.ts';

/** Of the time that was lost, what one culprit must have cost to be named alone. */
const MOST = 0.5;
/** An answer that comes this soon after a repeated question, as a part of the wait before, is not the first question's. */
const AT_ONCE = 0.05;

type Judgement = Pick<Cause, 'id' | 'sentence' | 'fixes'>;

/** What is to be said of names that were answered late; null: the servers answered what they were asked, slowly. */
export function judgeAnswered(found: Asked, slow: readonly NamePhase[], facts: Facts): Cause | null {
  const judgement =
    fromElsewhere(found, slow) ??
    oneServerSilent(found, slow, facts) ??
    oneTypeUnanswered(found, slow, facts) ??
    askedAgain(found, slow, facts);
  return judgement === null ? null : { ...judgement, cost: total(slow), nums: dnsEvidence(slow) };
}

/** Answers that came from another address than the one asked: a resolver does not take them. */
export function fromElsewhere({ lookup, owner }: Asked, phases: readonly NamePhase[]): Judgement | null {
  const tries = triesOf(phases).filter(({ from }) => from !== null);
  if (tries.length === 0) return null;
  const result = outcomeText(lookup);
  const [asked, others] = [serversOf(tries), [...new Set(tries.map(({ from }) => from!))]];
  return {
    id: 'dns-answer-from-other-address',
    sentence: `${owner} waited ${spanText(total(phases))} for ${soughtText(lookup)}${result}: it asked ${list(asked)}, but the answers came from another address, ${list(others)}, and were not accepted.`,
    fixes: [
      `let the answers have the address that was asked (${list(asked)}): the address translation on their way back is missing (conntrack, br_netfilter with bridge-nf-call-iptables, asymmetric routes)`,
      'let a DNS server with several addresses answer from the one that was asked',
    ],
  };
}

/** `, and the lookup failed`. */
export function outcomeText({ result }: Lookup): string {
  return result === 'NOERROR' || result === 'NODATA' || result === 'ANSWERED' ? '' : ', and the lookup failed';
}

/** One of several servers never answers: every lookup waits for it first. */
function oneServerSilent({ lookup, owner }: Asked, slow: readonly NamePhase[], facts: Facts): Judgement | null {
  const tries = triesOf(slow);
  const answering = serversOf(tries.filter(isAnswered));
  const silent = tries.filter((one) => isWaited(one) && !answering.includes(one.server));
  if (answering.length === 0 || waste(silent) < MOST * total(slow)) return null;
  const dead = serversOf(silent);
  const never = neverText(dead, facts, slow);
  const dropped = droppedText(slow, facts);
  const sentence = `${owner} waited ${spanText(total(slow))} for ${soughtText(lookup)}, ${spanText(waste(silent))} of it in vain: the DNS server${dead.length > 1 ? 's' : ''} ${list(dead)} ${never}${dropped}; ${list(answering)}, asked next, did at once.`;
  return {
    id: dropped === '' ? 'dns-server-silent' : 'dns-packets-dropped',
    sentence,
    fixes: [`repair ${list(dead)}, or take it out of resolv.conf: each lookup asks it first`, 'set options timeout:1 to wait less for it'],
  };
}

/** `never answered`; weaker where events are missing. */
export function neverText(servers: readonly string[], facts: Facts, phases: readonly NamePhase[]): string {
  const lost = lostNear(facts, phases);
  if (lost === 0) return 'never answered';
  return `${servers.length > 1 ? 'are' : 'is'} not seen to have answered (${lost} events were lost meanwhile)`;
}

/** A is answered and AAAA is not, or the other way round. */
export function oneTypeUnanswered({ lookup, owner }: Asked, slow: readonly NamePhase[], facts: Facts): Judgement | null {
  const halves = slow.filter(({ dns }) => hasHalf(dns.attempt.tries));
  if (total(halves) < MOST * total(slow)) return null;
  const tries = triesOf(halves);
  const silent = [...new Set(halves.flatMap(({ dns }) => unansweredTypes(dns.attempt.tries)))];
  const answered = [...new Set(tries.filter(isAnswered).map(({ qtype }) => qtype))];
  const servers = serversOf(tries.filter(({ qtype }) => silent.includes(qtype)));
  const never = lostNear(facts, halves) > 0 ? 'is not seen to have answered' : 'never answered';
  const questions = tries.filter(({ qtype }) => silent.includes(qtype)).length;
  const sentence = `${owner} waited ${spanText(total(halves))} for ${soughtText(lookup)}${outcomeText(lookup)}: the DNS server ${list(servers)} answered the question for ${list(answered)}, but ${never} the one for ${list(silent)} (asked ${questions === 1 ? 'once' : `${questions} times`})${resolverText(lookup)}${cutOffText(halves)}.`;
  return {
    id: 'dns-one-type-unanswered',
    sentence,
    fixes: [
      `let the DNS server answer ${list(silent)} questions, with an empty answer where there is no such record: a firewall or proxy before it may drop them, or a NAT the second of two packets at once`,
      silent.includes('AAAA')
        ? 'ask for IPv4 addresses only (AF_INET) where there is no IPv6'
        : 'look at the server’s log for the question',
    ],
  };
}

function hasHalf(tries: readonly Try[]): boolean {
  const silent = unansweredTypes(tries);
  return silent.length > 0 && tries.some((one) => isWaited(one) && silent.includes(one.qtype)) && tries.some(isAnswered);
}

const DOES: Readonly<Partial<Record<Lookup['library'], string>>> = {
  glibc: '; glibc waits for both, and then goes on with the one it has',
  musl: '; musl fails without both (EAI_AGAIN)',
};

function resolverText({ library }: Lookup): string {
  return DOES[library] ?? '';
}

/** A question was repeated before its answer came: it was lost, or its answer took longer than the resolver waits. */
function askedAgain({ lookup, owner }: Asked, slow: readonly NamePhase[], facts: Facts): Judgement | null {
  const again = slow.filter(({ dns }) => repeated(dns.attempt.tries) !== null);
  const waited = triesOf(again).filter(isWaited);
  if (waste(waited) < MOST * total(slow)) return null;
  const { first, last } = repeated(again[0]!.dns.attempt.tries)!;
  const hop = again[0]!.dns.hops.find(({ query }) => query === first.query)?.hop ?? null;
  const seen = hopsOf(again).length > 0;
  const answeredInTime = hop !== null && hop.answered !== null && hop.answered.time <= first.end;
  const isLate = !answeredInTime && (hop !== null || !seen) && last.end - last.start >= AT_ONCE * (first.end - first.start);
  const what = `${owner} waited ${spanText(total(slow))} for ${soughtText(lookup)}: the DNS server ${first.server}`;
  if (isLate) return lateAnswer(what, last.end - first.start, first, hop === null ? '' : `, ${processText(hop)},`);
  const received =
    hop === null ? '' : `; ${processText(hop)} received it${hop.answered === null ? ' and did not answer' : ', and its answer was lost'}`;
  return {
    id: 'dns-question-lost',
    sentence: `${what} did not answer ${waited.length > 1 ? 'the first questions' : 'the first question'} within ${spanText(first.end - first.start)}, and answered the next after ${spanText(last.end - last.start)}: a question or its answer was lost${received}${droppedText(again, facts)}.`,
    fixes: [
      'look for what drops single packets: two questions at once from one port race in conntrack (insert_failed in conntrack -S)',
      'set options single-request-reopen, or use NodeLocal DNSCache, where it is that race',
    ],
  };
}

export function lateAnswer(what: string, after: number, { end, start }: Try, who: string): Judgement {
  return {
    id: 'dns-late-answer',
    sentence: `${what}${who} answered ${spanText(after)} after the first question, later than the resolver waits (${spanText(end - start)}), which had asked again meanwhile.`,
    fixes: ['look at the load of the DNS server, and at what it asks itself', 'cache names near the client (NodeLocal DNSCache)'],
  };
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
export function isWaited({ result }: Try): boolean {
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
