/** Names that nobody answered, or that a server gave up on: who of those that were asked it was. */
import type { Hop } from '../../dns/chain.ts';
import type { Lookup } from '../../dns/lookup.ts';
import { lowerNdots } from '../../dns/ndots.ts';
import type { Try } from '../../dns/try.ts';
import { SECOND } from '../../model/time.ts';
import type { ProcessName } from '../story.ts';
import { cause, type Facts, type Found, type Shown, total } from './cause.ts';
import { fromElsewhere, lateAnswer, oneTypeUnanswered } from './dns-answered.ts';
import {
  type Asked,
  type CutOff,
  cutOffOf,
  dnsEvidence,
  droppingOf,
  hopsOf,
  lostNear,
  type NamePhase,
  outcomesOf,
  processOf,
  SILENCE,
  type SilentServer,
  type Sought,
  serversOf,
  soughtOf,
  triesOf,
  type Unfound,
  type Upstream,
  upstreamOf,
} from './dns-facts.ts';
import { list } from './names.ts';
import { row } from './row.ts';

type SilentName = Sought & { readonly server: string; readonly upstream: Upstream | null; readonly cutOff: CutOff | null };
/** `suffixes`: the search domains. `gaveUp`: why its resolver did not go on; null: it did. `others`: other names were tried, too. */
type SilentDomain = Sought & {
  readonly server: string;
  readonly suffixes: readonly string[];
  readonly lost: number;
  readonly upstream: Upstream | null;
  readonly gaveUp: 'musl' | 'ended' | 'resolver' | null;
  readonly others: boolean;
};
/** What a DNS server on this node did with the questions. */
type Behind = Sought & { readonly server: string; readonly cutOff: CutOff | null; readonly contradictions: readonly string[] };
type Deaf = Behind & { readonly by: ProcessName };
type CutOffEarly = Sought & { readonly servers: readonly string[]; readonly cutOff: CutOff; readonly contradictions: readonly string[] };

const DOMAIN_FIXES = ['ask for the complete name, with a dot at its end'];

// biome-ignore format: a table
export const DNS_SILENT_CAUSES = {
  'dns-search-domain-silent': row<SilentDomain>('A search domain that nobody answers for', 0.85, 'dig TYPE DOMAIN-NAME @SERVER', DOMAIN_FIXES, SILENCE),
  'dns-search-domain-fails': row<SilentDomain>('A search domain at which the lookup ends', 0.85, 'dig TYPE DOMAIN-NAME @SERVER', DOMAIN_FIXES, SILENCE),
  'dns-name-silent': row<SilentName>('A name that nobody answers for', 0.85, 'dig TYPE NAME @SERVER', ['repair the DNS server that is responsible for that name, or the forwarding to it'], SILENCE),
  'dns-upstream-silent': row<Behind & { readonly upstream: Upstream | null }>('An upstream that does not answer', 0.85, 'dig TYPE NAME @UPSTREAM', ['repair or replace the upstream of the DNS server'], SILENCE),
  'dns-server-hangs': row<Deaf>('A DNS server that hangs', 0.85, 'ps -o stat,wchan -p PID; its log', ['look at the DNS server: it is stuck, stopped or overloaded'], SILENCE),
  'dns-answer-lost': row<Deaf>('An answer that was lost', 0.85, 'conntrack -S; nft list ruleset', ['look for what drops the answers: conntrack, network policies, routes back to the client'], SILENCE),
  'dns-server-silent': row<SilentServer>('A DNS server that does not answer', 0.85, 'dig TYPE NAME @SERVER', ['check that it is a DNS server that runs (its pod ready, its service with endpoints)', 'check that packets reach it: network policies, routes, conntrack'], SILENCE),
  'dns-packets-dropped': row<SilentServer>('Packets of a lookup dropped on this node', 0.85, 'nft list ruleset; conntrack -S', ['check that packets reach the DNS server: network policies, routes, conntrack']),
  'dns-server-fails': row<Unfound>('A DNS server that fails to find out', 0.85, 'dig TYPE NAME @SERVER', ['look at the log of the DNS server, and at what it asks itself'], SILENCE),
  'dns-cut-off-by-caller': row<CutOffEarly>('A lookup that its caller cut off', 0.85, 'the time limit of the caller', ['let the caller wait longer than its resolver does, or set options timeout:1 for it']),
};

const SILENT: ReadonlySet<string> = new Set(['TIMEOUT', 'UNANSWERED', 'ABORTED']);
/** Who was waited for less long than this may only be slow. */
const LONG = 1 * SECOND;

export function silentCause(found: Asked, silent: readonly NamePhase[], facts: Facts): Found {
  const judged = fromElsewhere(found, silent) ?? answeredTooLate(found, silent) ?? oneTypeUnanswered(found, silent, facts);
  const shown = { cost: total(silent), nums: dnsEvidence(silent) };
  if (judged !== null) return judged;
  return aliveElsewhere(found.lookup, silent) ? deadDomain(found, silent, facts, shown) : deadServer(found, silent, facts, shown);
}

/** A server on this node, or the kernel, shows that the answers came when nobody waited for them any more. */
function answeredTooLate(found: Asked, silent: readonly NamePhase[]): Found | null {
  const tries = triesOf(silent).filter(({ answer }) => answer === null);
  const hops = silent.flatMap(({ dns }) => dns.hops);
  const hopOf = (one: Try) => hops.find(({ query }) => query === one.query)?.hop;
  const isLate = (one: Try) => one.late !== null || (hopOf(one)?.answered?.time ?? 0) > one.end;
  const late = tries.find(isLate);
  if (late === undefined) return null;
  const hop = hopOf(late);
  const after = late.late ?? (hop?.answered?.time ?? late.end) - late.start;
  const known = { after, by: hop === undefined ? null : processOf(hop), again: false, cutOff: cutOffOf(silent) };
  return lateAnswer(soughtOf(found, silent), late, known, silent);
}

/** The same server answered other questions of this lookup: it is alive, and reached. */
function aliveElsewhere({ attempts }: Lookup, silent: readonly NamePhase[]): boolean {
  const dead = new Set(silent.map(({ dns }) => dns.attempt));
  const asked = serversOf(triesOf(silent));
  const isAlive = ({ server, answer }: Try) => asked.includes(server) && (answer?.rcode === 'NOERROR' || answer?.rcode === 'NXDOMAIN');
  return attempts.some((attempt) => !dead.has(attempt) && attempt.tries.some(isAlive));
}

function deadDomain(found: Asked, silent: readonly NamePhase[], facts: Facts, shown: Shown): Found {
  const { lookup, phases } = found;
  const suffixes = [...new Set(silent.map(({ dns }) => dns.attempt.suffix))];
  const upstream = upstreamOf(hopsOf(silent), facts);
  const sought = soughtOf(found, silent);
  const { server } = silent[0]!.dns.attempt;
  if (suffixes[0] === '') {
    return cause('dns-name-silent', { ...sought, server, upstream, cutOff: cutOffOf(silent) }, shown);
  }
  const lost = lostNear(facts, silent);
  const gaveUp = whyGivenUp(lookup);
  const known = { ...sought, server, suffixes, lost, upstream, gaveUp, others: phases.length > 1 };
  const fixes = searchFixes(lookup, suffixes, facts, lost);
  return cause(gaveUp === null ? 'dns-search-domain-silent' : 'dns-search-domain-fails', known, { ...shown, fixes });
}

function whyGivenUp({ result, library }: Lookup): SilentDomain['gaveUp'] {
  if (!SILENT.has(result) && result !== 'SERVFAIL') return null;
  if (library === 'musl') return 'musl';
  return result === 'ABORTED' ? 'ended' : 'resolver';
}

/** `lost`: events that are missing near: then it is not safe to say that a domain has no use. */
export function searchFixes(lookup: Lookup, suffixes: readonly string[], facts: Facts, lost: number): string[] {
  const dots = lookup.name.split('.').length - 1;
  const ndots = lowerNdots([lookup]);
  const isUsed = facts.analysis.lookups.some(({ attempts }) =>
    attempts.some(({ suffix, result }) => suffixes.includes(suffix) && result === 'NOERROR'),
  );
  const fromNode = lookup.resolver.search.some((domain) => domain.startsWith('svc.'))
    ? ": it comes from the node's own resolv.conf (kubelet --resolv-conf)"
    : '';
  return [
    `ask for the complete name, with a dot at its end: ${lookup.name}.`,
    ndots !== null
      ? `set ndots to ${ndots} in the pod's dnsConfig: the name has ${dots} dots and is then tried as it is first (ndots is ${lookup.resolver.ndots})`
      : '',
    lost > 0 || isUsed ? '' : `remove the search domain ${list(suffixes)}${fromNode}`,
    `let the DNS server answer for ${list(suffixes)} itself (NXDOMAIN), or repair its upstream`,
  ].filter((fix) => fix !== '');
}

function deadServer(found: Asked, silent: readonly NamePhase[], facts: Facts, shown: Shown): Found {
  const tries = triesOf(silent);
  const unanswered = tries.filter(({ answer }) => answer === null);
  const servers = serversOf(unanswered.length > 0 ? unanswered : tries);
  const cutOff = cutOffOf(silent);
  const base = { ...soughtOf(found, silent), cutOff, contradictions: found.lookup.contradictions };
  const behind = deadBehind(silent, unanswered, { ...base, server: servers[0]! }, facts, shown);
  if (behind !== null) return behind;
  if (unanswered.length === 0) return cause('dns-server-fails', gaveUpOn(found, base, servers), shown);
  if (cutOff !== null && base.waited < LONG) return cause('dns-cut-off-by-caller', { ...base, servers, cutOff }, shown);
  const dropped = droppingOf(tries, facts);
  const known = { ...base, servers, lost: lostNear(facts, silent), dropped, next: null, outcomes: outcomesOf(tries) };
  const fixes = [
    `check that ${list(servers)} is a DNS server that runs (its pod ready, its service with endpoints)`,
    'check that packets reach it: network policies, routes, conntrack',
  ];
  return cause(dropped === null ? 'dns-server-silent' : 'dns-packets-dropped', known, { ...shown, fixes });
}

function gaveUpOn({ lookup }: Asked, base: Sought & Pick<Unfound, 'cutOff' | 'contradictions'>, servers: readonly string[]): Unfound {
  const nothing = { forms: lookup.attempts.length, silent: false, longest: 0, outcomes: [] };
  return { ...base, ...nothing, servers, said: servers, result: lookup.result, slow: true };
}

/** A DNS server on this node that got no answer itself, or read the questions and did nothing. */
function deadBehind(silent: readonly NamePhase[], unanswered: readonly Try[], known: Behind, facts: Facts, shown: Shown): Found | null {
  const hops = hopsOf(silent);
  const forwards = hops.flatMap((hop) => hop.forwards);
  if (forwards.some(({ partner }) => partner === null)) {
    const fixes = [`repair or replace the upstream ${list(serversOf(forwards))} of the DNS server`];
    return cause('dns-upstream-silent', { ...known, upstream: upstreamOf(hops, facts) }, { ...shown, fixes });
  }
  const deaf = silent.flatMap(({ dns }) =>
    dns.hops.filter(({ query }) => unanswered.some((one) => one.query === query)).map(({ hop }) => hop),
  );
  return deaf.length === 0 ? null : serverHangs(deaf, known, shown);
}

/** A server on this node read the questions; what it answered, if it did, did not arrive. */
function serverHangs(hops: readonly Hop[], known: Behind, shown: Shown): Found {
  const by = processOf(hops[0]!);
  if (hops.every((hop) => hop.answered !== null)) return cause('dns-answer-lost', { ...known, by }, shown);
  return cause('dns-server-hangs', { ...known, by }, { ...shown, fixes: [`look at ${by.comm}: it is stuck, stopped or overloaded`] });
}
