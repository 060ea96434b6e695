/** Names that were looked up slowly, or in vain. */
import { type TcpUse, SILENT as UNANSWERED } from '../../dns/attempt.ts';
import type { Hop } from '../../dns/chain.ts';
import type { Lookup } from '../../dns/lookup.ts';
import type { Try } from '../../dns/try.ts';
import { SECOND, spanText } from '../../model/time.ts';
import type { ToldCause as Cause } from '../story.ts';
import { type Facts, total } from './cause.ts';
import { fromElsewhere, isAnswered, judgeAnswered, lateAnswer, neverText, oneTypeUnanswered, outcomeText } from './dns-answered.ts';
import {
  type Asked,
  contradictionText,
  cutOffText,
  dnsEvidence,
  droppedText,
  dropReasons,
  hopsOf,
  lostNear,
  type NamePhase,
  outcomesText,
  serversOf,
  soughtText,
  triesOf,
  upstreamText,
} from './dns-words.ts';
import { list, ownerText, processText, reasonText } from './names.ts';

const SILENT: ReadonlySet<string> = new Set(['TIMEOUT', 'UNANSWERED', 'ABORTED']);
/** Who was waited for less long than this may only be slow. */
const SILENCE = 1 * SECOND;

export function judgeDns(facts: Facts): Cause[] {
  return asked(facts).flatMap((found) => judgeLookup(found, facts));
}

/** The lookups on the path, those of servers and children too. */
function asked(facts: Facts): Asked[] {
  const byLookup = new Map<Lookup, NamePhase[]>();
  for (const phase of facts.phases) {
    if (phase.dns === null) continue;
    const known = byLookup.get(phase.dns.lookup);
    if (known === undefined) byLookup.set(phase.dns.lookup, [phase as NamePhase]);
    else known.push(phase as NamePhase);
  }
  return [...byLookup].map(([lookup, phases]) => ({ lookup, phases, owner: ownerText(phases[0]!, facts.process) }));
}

function judgeLookup(found: Asked, facts: Facts): Cause[] {
  const { lookup, phases } = found;
  const slow = phases.filter((phase) => phase.duration >= Math.max(facts.over, 0.2 * total(phases)));
  const truncated = phases.filter(
    ({ dns }) => dns.attempt.result === 'TRUNCATED' || (dns.attempt.tcp?.end ?? 0) - (dns.attempt.tcp?.start ?? 0) >= facts.over,
  );
  if (truncated.length > 0) return [tcpFailed(found, truncated)];
  const unreachable = phases.filter(({ dns }) => dns.attempt.result === 'UNREACHABLE');
  if (unreachable.length > 0 && !SILENT.has(lookup.result) && lookup.result !== 'NOERROR')
    return [serverUnreachable(found, unreachable, facts)];
  const silent = slow.filter(({ dns }) => SILENT.has(dns.attempt.result) || dns.attempt.result === 'SERVFAIL');
  if (silent.length > 0) return [judgeSilent(found, silent, facts)];
  if (slow.length > 0) return [judgeAnswered(found, slow, facts) ?? slowServer(found, slow)];
  if (total(phases) >= facts.over) return [longList(found, facts)];
  return lookup.result === 'NOERROR' || lookup.result === 'NODATA' || lookup.result === 'ANSWERED' ? [] : [failed(found)];
}

/** Names that nobody answered, or a server gave up on. */
function judgeSilent(found: Asked, silent: readonly NamePhase[], facts: Facts): Cause {
  const { lookup } = found;
  const base = { cost: total(silent), nums: dnsEvidence(silent) };
  const judged = fromElsewhere(found, silent) ?? answeredTooLate(found, silent) ?? oneTypeUnanswered(found, silent, facts);
  if (judged !== null) return { ...base, ...judged };
  return aliveElsewhere(lookup, silent) ? deadDomain(found, silent, facts) : deadServer(found, silent, facts);
}

/** A server on this node, or the kernel, shows that the answers came when nobody waited for them any more. */
function answeredTooLate({ lookup, owner }: Asked, silent: readonly NamePhase[]): Pick<Cause, 'id' | 'sentence' | 'fixes'> | null {
  const tries = triesOf(silent).filter(({ answer }) => answer === null);
  const hops = silent.flatMap(({ dns }) => dns.hops);
  const hopOf = (one: Try) => hops.find(({ query }) => query === one.query)?.hop;
  const isLate = (one: Try) => one.late !== null || (hopOf(one)?.answered?.time ?? 0) > one.end;
  const late = tries.find(isLate);
  if (late === undefined) return null;
  const hop = hopOf(late);
  const after = late.late ?? (hop?.answered?.time ?? late.end) - late.start;
  const what = `${owner} waited ${spanText(total(silent))} for ${soughtText(lookup)}${outcomeText(lookup)}: the DNS server ${late.server}`;
  const who = hop === undefined ? '' : `, ${processText(hop)},`;
  const again = lateAnswer(what, after, late, who);
  const sentence = `${what}${who} answered ${spanText(after)} after the question, when nobody waited for it any more${cutOffText(silent) || ` (the resolver waits ${spanText(late.end - late.start)})`}.`;
  return { ...again, sentence };
}

/** The same server answered other questions of this lookup: it is alive, and reached. */
function aliveElsewhere({ attempts }: Lookup, silent: readonly NamePhase[]): boolean {
  const dead = new Set(silent.map(({ dns }) => dns.attempt));
  const asked = serversOf(triesOf(silent));
  const isAlive = ({ server, answer }: Try) => asked.includes(server) && (answer?.rcode === 'NOERROR' || answer?.rcode === 'NXDOMAIN');
  return attempts.some((attempt) => !dead.has(attempt) && attempt.tries.some(isAlive));
}

/** A truncated answer is to be asked for again over TCP, and there nobody answers. */
function tcpFailed({ lookup, owner }: Asked, phases: readonly NamePhase[]): Cause {
  const { attempt } = phases[0]!.dns;
  const server = attempt.tries.find(({ result }) => result === 'TRUNCATED')?.server ?? attempt.server;
  const cost = total(phases);
  const how = outcomeText(lookup) === '' ? `waited ${spanText(cost)} for ${soughtText(lookup)}` : `could not look up ${lookup.name}`;
  const sentence = `${owner} ${how}: the DNS server ${server} truncated its answer over UDP (TC), and over TCP ${tcpText(attempt.tcp, attempt.tries)}${cutOffText(phases)}.`;
  const fixes = [
    `let ${server} be asked over TCP too: port 53/tcp of the server, its service and network policies`,
    'let the answer fit into one packet: fewer records, or a larger EDNS buffer on both sides',
  ];
  return { id: 'dns-truncated-tcp-failed', sentence, cost, nums: dnsEvidence(phases), fixes };
}

function tcpText(tcp: TcpUse | null, tries: readonly Try[]): string {
  if (tcp === null) return 'nothing is seen to have been asked';
  if (tcp.outcome === 'failed')
    return `port 53 ${tcp.error === 'ECONNREFUSED' ? 'refuses connections' : 'cannot be reached'} (${tcp.error})`;
  if (tcp.outcome === 'unanswered') return `nobody answered its connection to port 53 in ${spanText(tcp.end - tcp.start)}`;
  const asked = tries.filter(({ query, answer }) => query.transport === 'tcp' && answer === null);
  return `${asked.length > 0 ? 'the question got no answer' : 'no question is seen'} on the connection in ${spanText(tcp.end - tcp.start)}`;
}

function deadDomain({ lookup, phases, owner }: Asked, silent: readonly NamePhase[], facts: Facts): Cause {
  const suffixes = [...new Set(silent.map(({ dns }) => dns.attempt.suffix))];
  const under = suffixes[0] === '' ? `the name ${lookup.name} itself` : `names under the search domain ${list(suffixes)}`;
  const cost = total(silent);
  const gaveUp = SILENT.has(lookup.result) || lookup.result === 'SERVFAIL';
  const upstream = upstreamText(hopsOf(silent), facts);
  const lost = lostNear(facts, silent);
  const nobody = lost === 0 ? 'nobody answers questions' : `no answer is seen (${lost} events were lost meanwhile) to questions`;
  const nums = dnsEvidence(silent);
  if (suffixes[0] === '') {
    const sentence = `${owner} waited ${spanText(cost)} for ${soughtText(lookup)}: the DNS server ${silent[0]!.dns.attempt.server} answers other names at once, but not this one${upstream}${cutOffText(silent)}.`;
    return {
      id: 'dns-name-silent',
      sentence,
      cost,
      nums,
      fixes: ['repair the DNS server that is responsible for that name, or the forwarding to it'],
    };
  }
  if (gaveUp) {
    const why =
      lookup.library === 'musl'
        ? 'musl gives up at the first search domain that does not answer, where glibc would go on'
        : lookup.result === 'ABORTED'
          ? 'its process ended, before the resolver gave up'
          : 'the resolver gave up there';
    const sentence = `${owner} could not look up ${lookup.name}: ${nobody} for ${under}${upstream}, and after ${spanText(cost)} ${why}.`;
    return { id: 'dns-search-domain-fails', sentence, cost, nums, fixes: domainFixes(lookup, suffixes, facts, lost) };
  }
  const tried = phases.length > 1 ? ', which its resolver tries before the name itself' : '';
  const sentence = `${owner} waited ${spanText(cost)} for DNS: ${nobody} for ${under}${tried}${upstream}.`;
  return { id: 'dns-search-domain-silent', sentence, cost, nums, fixes: domainFixes(lookup, suffixes, facts, lost) };
}

/** `lost`: events that are missing near: then it is not safe to say that a domain has no use. */
function domainFixes(lookup: Lookup, suffixes: readonly string[], facts: Facts, lost: number): string[] {
  const dots = lookup.name.split('.').length - 1;
  const isUsed = facts.scene.lookups.some(({ attempts }) =>
    attempts.some(({ suffix, result }) => suffixes.includes(suffix) && result === 'NOERROR'),
  );
  const fromNode = lookup.resolver.search.some((domain) => domain.startsWith('svc.'))
    ? ": it comes from the node's own resolv.conf (kubelet --resolv-conf)"
    : '';
  return [
    `ask for the complete name, with a dot at its end: ${lookup.name}.`,
    dots > 0
      ? `set ndots to ${Math.min(dots, 2)} in the pod's dnsConfig: the name has ${dots} dots and is then tried as it is first (ndots is ${lookup.resolver.ndots})`
      : '',
    lost > 0 || isUsed ? '' : `remove the search domain ${list(suffixes)}${fromNode}`,
    `let the DNS server answer for ${list(suffixes)} itself (NXDOMAIN), or repair its upstream`,
  ].filter((fix) => fix !== '');
}

function deadServer({ lookup, owner }: Asked, silent: readonly NamePhase[], facts: Facts): Cause {
  const base = { cost: total(silent), nums: dnsEvidence(silent) };
  const hops = hopsOf(silent);
  const tries = triesOf(silent);
  const unanswered = tries.filter(({ answer }) => answer === null);
  const servers = serversOf(unanswered.length > 0 ? unanswered : tries);
  const cutOff = cutOffText(silent);
  const what = `${owner} waited ${spanText(base.cost)} for ${soughtText(lookup)}${outcomeText(lookup)}`;
  const end = `${cutOff}${contradictionText(lookup)}.`;
  const forwards = hops.flatMap((hop) => hop.forwards);
  if (forwards.some(({ partner }) => partner === null)) {
    const sentence = `${what}: its DNS server ${servers[0]} got no answer itself${upstreamText(hops, facts)}${end}`;
    return {
      ...base,
      id: 'dns-upstream-silent',
      sentence,
      fixes: [`repair or replace the upstream ${list(serversOf(forwards))} of the DNS server`],
    };
  }
  const deaf = silent.flatMap(({ dns }) =>
    dns.hops.filter(({ query }) => unanswered.some((one) => one.query === query)).map(({ hop }) => hop),
  );
  if (deaf.length > 0) return { ...base, ...serverHangs(what, deaf, servers[0]!, end) };
  const plural = servers.length > 1 ? 's' : '';
  if (unanswered.length === 0) {
    const sentence = `${what}: the DNS server${plural} ${list(servers)} failed to find out (${lookup.result})${end}`;
    return { ...base, id: 'dns-server-fails', sentence, fixes: ['look at the log of the DNS server, and at what it asks itself'] };
  }
  if (cutOff !== '' && base.cost < SILENCE) {
    const sentence = `${what}: the DNS server${plural} ${list(servers)} had not answered yet${end}`;
    return {
      ...base,
      id: 'dns-cut-off-by-caller',
      sentence,
      fixes: ['let the caller wait longer than its resolver does, or set options timeout:1 for it'],
    };
  }
  const dropped = droppedText(silent, facts);
  const sentence = `${what}: the DNS server${plural} ${list(servers)} ${neverText(servers, facts, silent)}${outcomesText(tries)}${dropped}${end}`;
  const fixes = [
    `check that ${list(servers)} is a DNS server that runs (its pod ready, its service with endpoints)`,
    'check that packets reach it: network policies, routes, conntrack',
  ];
  return { ...base, id: dropped === '' ? 'dns-server-silent' : 'dns-packets-dropped', sentence, fixes };
}

/** A server on this node read the questions; what it answered, if it did, did not arrive. */
function serverHangs(what: string, hops: readonly Hop[], server: string, end: string): Pick<Cause, 'id' | 'sentence' | 'fixes'> {
  const answered = hops.filter((hop) => hop.answered !== null);
  const who = `${processText(hops[0]!)}, the DNS server at ${server},`;
  if (answered.length === hops.length) {
    const sentence = `${what}: ${who} received the questions and answered, but its answers did not arrive${end}`;
    return {
      id: 'dns-answer-lost',
      sentence,
      fixes: ['look for what drops the answers: conntrack, network policies, routes back to the client'],
    };
  }
  const sentence = `${what}: ${who} received the questions and did not answer${end}`;
  return { id: 'dns-server-hangs', sentence, fixes: [`look at ${hops[0]!.comm}: it is stuck, stopped or overloaded`] };
}

function serverUnreachable({ lookup, owner }: Asked, phases: readonly NamePhase[], facts: Facts): Cause {
  const tries = triesOf(phases);
  const servers = serversOf(tries);
  const reasons = dropReasons(tries, facts);
  const errors = [...new Set(tries.flatMap(({ error }) => (error === null || error === 'NO_SOCKET' || error === 'POLLERR' ? [] : error)))];
  const why = reasons.length > 0 ? ` (${list(reasons.map(reasonText))})` : errors.length > 0 ? ` (${list(errors.map(reasonText))})` : '';
  const sentence = `${owner} could not look up ${lookup.name}: the DNS server${servers.length > 1 ? 's' : ''} ${list(servers)} cannot be reached${why}, and the resolver gave up at once${contradictionText(lookup)}.`;
  const fixes = [
    'check that the DNS pods run and are ready',
    'check that their service has endpoints, and that kube-proxy runs on this node',
  ];
  return { id: 'dns-server-unreachable', sentence, cost: total(phases), nums: dnsEvidence(phases), fixes };
}

function slowServer({ lookup, owner }: Asked, slow: readonly NamePhase[]): Cause {
  const cost = total(slow);
  const forwards = hopsOf(slow).flatMap((hop) => hop.forwards);
  const slowest = forwards.reduce((most, { latency }) => Math.max(most, latency ?? 0), 0);
  const upstream =
    slowest > cost / 3 ? `, which had to ask ${list(serversOf(forwards))} and waited ${spanText(slowest)} for the answer` : '';
  const longest = triesOf(slow)
    .filter(isAnswered)
    .sort((a, b) => b.end - b.start - (a.end - a.start))[0];
  const server = longest?.server ?? slow[0]!.dns.attempt.server;
  const over = longest?.query.transport === 'tcp' ? ' over TCP' : '';
  const sentence = `${owner} waited ${spanText(cost)} for ${soughtText(lookup)}: the DNS server ${server} is slow${over}${outcomesText(triesOf(slow))}${upstream}.`;
  const fixes = [
    upstream === '' ? 'look at the load of the DNS server' : `look at the upstream ${list(serversOf(forwards))}`,
    'cache names near the client (NodeLocal DNSCache)',
  ];
  return { id: upstream === '' ? 'dns-server-slow' : 'dns-upstream-slow', sentence, cost, nums: dnsEvidence(slow), fixes };
}

function longList({ lookup, phases, owner }: Asked, facts: Facts): Cause {
  const vain = phases.filter(({ dns }) => dns.attempt.wasted).length;
  const sentence = `${owner} spent ${spanText(total(phases))} looking up ${lookup.name}: ${vain} name${vain === 1 ? '' : 's'} of its search list ${vain === 1 ? 'was' : 'were'} tried in vain first.`;
  return {
    id: 'dns-search-list',
    sentence,
    cost: total(phases),
    nums: dnsEvidence(phases),
    fixes: domainFixes(lookup, lookup.resolver.search, facts, lostNear(facts, phases)),
  };
}

const FAILURES: Readonly<Record<string, readonly [id: string, text: string]>> = {
  NXDOMAIN: ['dns-name-unknown', 'there is no such name'],
  SERVFAIL: ['dns-server-fails', 'the DNS server failed to find out (SERVFAIL)'],
  REFUSED: ['dns-server-refuses', 'the DNS server refuses to answer (REFUSED)'],
};

function failed({ lookup, phases, owner }: Asked): Cause {
  const { tries } = lookup.attempts.at(-1)!;
  const servers = serversOf(tries.filter(isAnswered));
  const [id, text] = FAILURES[lookup.result] ?? ['dns-failed', ''];
  const names = lookup.attempts.length > 1 ? `, asked for in ${lookup.attempts.length} forms` : '';
  const why = text === '' ? noAnswerText(lookup, tries) : `${text}, says ${list(servers)}`;
  const sentence = `${owner} could not look up ${lookup.name}${names}: ${why}${outcomesText(tries)}${contradictionText(lookup)}.`;
  const fixes = id === 'dns-name-unknown' ? ['check the name: service, namespace, spelling'] : ['look at the log of the DNS server'];
  return { id, sentence, cost: total(phases), nums: dnsEvidence(phases), fixes };
}

/** Nobody answered, and nobody waited long: what is seen, and no more. */
function noAnswerText({ result }: Lookup, tries: readonly Try[]): string {
  const servers = list(serversOf(tries));
  if (result === 'ABORTED') return `its process ended before ${servers} had answered`;
  if (!UNANSWERED.has(result)) return `${servers} answered ${result}`;
  const waited = tries.reduce((longest, { start, end }) => Math.max(longest, end - start), 0);
  return `no answer of ${servers} is in the capture, and its resolver waited only ${spanText(waited)} for one`;
}
