/** Names that were looked up slowly, or without an answer. */
import { type TcpUse, SILENT as UNANSWERED } from '../../dns/attempt.ts';
import type { Lookup } from '../../dns/lookup.ts';
import type { Try } from '../../dns/try.ts';
import { cause, type Facts, type Found, total } from './cause.ts';
import { answeredCause, isAnswered } from './dns-answered.ts';
import {
  type Asked,
  type CutOff,
  cutOffOf,
  dnsEvidence,
  droppingOf,
  hopsOf,
  lostNear,
  type NamePhase,
  type Outcome,
  outcomesOf,
  SILENCE,
  type Sought,
  serversOf,
  soughtOf,
  triesOf,
  type Unfound,
} from './dns-facts.ts';
import { searchFixes, silentCause } from './dns-silent.ts';
import { list, ownerOf } from './names.ts';
import { PACKETS, row } from './row.ts';

/** `tcp`: what became of the connection that the answer was to be asked for on; null: none is seen. `asked`: a question went over it. */
type TruncatedTcpFailed = Sought & {
  readonly server: string;
  readonly tcp: (Pick<TcpUse, 'outcome' | 'error'> & { readonly waited: number; readonly asked: boolean }) | null;
  readonly cutOff: CutOff | null;
};
/** `reasons`: the kernel's for dropped packets, or errors. */
type Unreachable = Sought & {
  readonly servers: readonly string[];
  readonly reasons: readonly string[];
  readonly contradictions: readonly string[];
};
/** `upstream`: whom the server itself waited for, for how many ns. */
type Slow = Sought & {
  readonly server: string;
  readonly transport: string;
  readonly outcomes: readonly Outcome[];
  readonly upstream: { readonly servers: readonly string[]; readonly waited: number } | null;
};

// biome-ignore format: a table
export const DNS_CAUSES = {
  'dns-truncated-tcp-failed': row<TruncatedTcpFailed>('An answer that is too large, and no way over TCP', 0.85, 'dig +tcp TYPE NAME @SERVER', ['let port 53/tcp of the DNS server be reached', 'let the answer fit into one packet: fewer records, or a larger EDNS buffer on both sides'], PACKETS),
  'dns-server-unreachable': row<Unreachable>('A DNS server that cannot be reached', 0.85, 'dig TYPE NAME @SERVER; kubectl -n kube-system get pods,endpoints', ['check that the DNS pods run and are ready', 'check that their service has endpoints, and that kube-proxy runs on this node'], SILENCE),
  'dns-server-slow': row<Slow>('A slow DNS server', 0.85, 'dig TYPE NAME @SERVER: its query time', ['look at the load of the DNS server', 'cache names near the client (NodeLocal DNSCache)']),
  'dns-upstream-slow': row<Slow>('A slow upstream of a DNS server', 0.85, 'dig TYPE NAME @UPSTREAM: its query time', ['look at the upstream', 'cache names near the client (NodeLocal DNSCache)']),
  'dns-search-list': row<Sought & { readonly wasted: number }>('A long search list', 0.85, 'trowel dns FILE', ['ask for the complete name, with a dot at its end']),
  'dns-name-unknown': row<Unfound>('A name that does not exist', 0.85, 'dig TYPE NAME @SERVER', ['check the name: service, namespace, spelling']),
  'dns-server-refuses': row<Unfound>('A DNS server that refuses', 0.85, 'dig TYPE NAME @SERVER', ['look at the log of the DNS server']),
  'dns-failed': row<Unfound>('A lookup that failed', 0.85, 'dig TYPE NAME @SERVER', ['look at the log of the DNS server']),
};

const SILENT: ReadonlySet<string> = new Set(['TIMEOUT', 'UNANSWERED', 'ABORTED']);

export function dnsRule(facts: Facts): Found[] {
  return asked(facts).flatMap((found) => lookupCauses(found, facts));
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
  return [...byLookup].map(([lookup, phases]) => ({ lookup, phases, owner: ownerOf(phases[0]!, facts.process) }));
}

function lookupCauses(found: Asked, facts: Facts): Found[] {
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
  if (silent.length > 0) return [silentCause(found, silent, facts)];
  if (slow.length > 0) return [answeredCause(found, slow, facts) ?? slowServer(found, slow)];
  if (total(phases) >= facts.over) return [longList(found, facts)];
  return isEnough(lookup, facts) ? [] : [failed(found)];
}

/** A name without an address is one that its process lives with, unless that is the end of it. */
function isEnough({ result, pid }: Lookup, { analysis }: Facts): boolean {
  if (result === 'NODATA') return (analysis.endOf(pid)?.exit ?? 0) === 0;
  return result === 'NOERROR' || result === 'ANSWERED';
}

/** A truncated answer is to be asked for again over TCP, and there nobody answers. */
function tcpFailed(found: Asked, phases: readonly NamePhase[]): Found {
  const { attempt } = phases[0]!.dns;
  const server = attempt.tries.find(({ result }) => result === 'TRUNCATED')?.server ?? attempt.server;
  const facts = { ...soughtOf(found, phases), server, tcp: tcpFacts(attempt.tcp, attempt.tries), cutOff: cutOffOf(phases) };
  const fixes = [
    `let ${server} be asked over TCP too: port 53/tcp of the server, its service and network policies`,
    'let the answer fit into one packet: fewer records, or a larger EDNS buffer on both sides',
  ];
  return cause('dns-truncated-tcp-failed', facts, { cost: facts.waited, nums: dnsEvidence(phases), fixes });
}

function tcpFacts(tcp: TcpUse | null, tries: readonly Try[]): TruncatedTcpFailed['tcp'] {
  if (tcp === null) return null;
  const asked = tries.some(({ query, answer }) => query.transport === 'tcp' && answer === null);
  return { outcome: tcp.outcome, error: tcp.error, waited: tcp.end - tcp.start, asked };
}

function serverUnreachable(found: Asked, phases: readonly NamePhase[], facts: Facts): Found {
  const tries = triesOf(phases);
  const dropped = droppingOf(tries, facts)?.reasons ?? [];
  const errors = [...new Set(tries.flatMap(({ error }) => (error === null || error === 'NO_SOCKET' || error === 'POLLERR' ? [] : error)))];
  const reasons = dropped.length > 0 ? dropped : errors;
  const { contradictions } = found.lookup;
  const known = { ...soughtOf(found, phases), servers: serversOf(tries), reasons, contradictions };
  return cause('dns-server-unreachable', known, { cost: known.waited, nums: dnsEvidence(phases) });
}

function slowServer(found: Asked, slow: readonly NamePhase[]): Found {
  const sought = soughtOf(found, slow);
  const forwards = hopsOf(slow).flatMap((hop) => hop.forwards);
  const slowest = forwards.reduce((most, { latency }) => Math.max(most, latency ?? 0), 0);
  const upstream = slowest > sought.waited / 3 ? { servers: serversOf(forwards), waited: slowest } : null;
  const [longest] = triesOf(slow)
    .filter(isAnswered)
    .sort((a, b) => b.end - b.start - (a.end - a.start));
  const server = longest?.server ?? slow[0]!.dns.attempt.server;
  const known = { ...sought, server, transport: longest?.query.transport ?? 'udp', outcomes: outcomesOf(triesOf(slow)), upstream };
  const shown = { cost: sought.waited, nums: dnsEvidence(slow) };
  if (upstream === null) return cause('dns-server-slow', known, shown);
  const fixes = [`look at the upstream ${list(upstream.servers)}`, 'cache names near the client (NodeLocal DNSCache)'];
  return cause('dns-upstream-slow', known, { ...shown, fixes });
}

function longList(found: Asked, facts: Facts): Found {
  const { lookup, phases } = found;
  const wasted = phases.filter(({ dns }) => dns.attempt.wasted).length;
  const fixes = searchFixes(lookup, lookup.resolver.search, facts, lostNear(facts, phases));
  return cause('dns-search-list', { ...soughtOf(found, phases), wasted }, { cost: total(phases), nums: dnsEvidence(phases), fixes });
}

const FAILURES = { NXDOMAIN: 'dns-name-unknown', SERVFAIL: 'dns-server-fails', REFUSED: 'dns-server-refuses' } as const;

function failed(found: Asked): Found {
  const { lookup, phases } = found;
  const { tries } = lookup.attempts.at(-1)!;
  const known: Unfound = {
    ...soughtOf(found, phases),
    forms: lookup.attempts.length,
    servers: serversOf(tries),
    said: serversOf(tries.filter(isAnswered)),
    result: lookup.result,
    silent: UNANSWERED.has(lookup.result),
    longest: tries.reduce((longest, { start, end }) => Math.max(longest, end - start), 0),
    outcomes: outcomesOf(tries),
    slow: false,
    cutOff: null,
    contradictions: lookup.contradictions,
  };
  const id = FAILURES[lookup.result as keyof typeof FAILURES] ?? 'dns-failed';
  return cause(id, known, { cost: known.waited, nums: dnsEvidence(phases) });
}
