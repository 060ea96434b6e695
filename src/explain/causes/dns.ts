/** Names that were looked up slowly, or in vain. */
import type { Hop } from '../../dns/chain.ts';
import type { Attempt, Lookup } from '../../dns/lookup.ts';
import type { DnsRow } from '../../model/dns.ts';
import { endText } from '../../model/fd-name.ts';
import { spanText } from '../../model/time.ts';
import type { Cause, DnsPhase, Phase } from '../story.ts';
import { type Facts, total } from './cause.ts';
import { drops, list, ownerText, processText, reasonText } from './names.ts';

interface Asked {
  readonly lookup: Lookup;
  readonly phases: readonly (Phase & { readonly dns: DnsPhase })[];
  readonly owner: string;
}

const SILENT: ReadonlySet<string> = new Set(['TIMEOUT', 'UNANSWERED']);

export function judgeDns(facts: Facts): Cause[] {
  return asked(facts).flatMap((found) => judgeLookup(found, facts));
}

/** The lookups on the path, those of servers and children too. */
function asked(facts: Facts): Asked[] {
  const byLookup = new Map<Lookup, (Phase & { readonly dns: DnsPhase })[]>();
  for (const phase of facts.phases) {
    if (phase.dns === null) continue;
    const known = byLookup.get(phase.dns.lookup) ?? [];
    byLookup.set(phase.dns.lookup, [...known, phase as Phase & { readonly dns: DnsPhase }]);
  }
  return [...byLookup].map(([lookup, phases]) => ({ lookup, phases, owner: ownerText(phases[0]!, facts.process) }));
}

function judgeLookup(found: Asked, facts: Facts): Cause[] {
  const { lookup, phases } = found;
  const unreachable = phases.filter(({ dns }) => dns.attempt.result === 'UNREACHABLE');
  if (unreachable.length > 0 && !SILENT.has(lookup.result) && lookup.result !== 'NOERROR')
    return [serverUnreachable(found, unreachable, facts)];
  const slow = phases.filter((phase) => phase.duration >= Math.max(facts.over, 0.2 * total(phases)));
  const silent = slow.filter(({ dns }) => SILENT.has(dns.attempt.result) || dns.attempt.result === 'SERVFAIL');
  if (silent.length > 0) return [aliveElsewhere(lookup, silent) ? deadDomain(found, silent, facts) : deadServer(found, silent, facts)];
  if (slow.length > 0) return [slowServer(found, slow)];
  if (total(phases) >= facts.over) return [longList(found)];
  return lookup.result === 'NOERROR' || lookup.result === 'NODATA' ? [] : [failed(found)];
}

/** The same server answered other questions of this lookup: it is alive, and reached. */
function aliveElsewhere({ attempts }: Lookup, silent: readonly { readonly dns: DnsPhase }[]): boolean {
  const dead = new Set(silent.map(({ dns }) => dns.attempt));
  return attempts.some((attempt) => !dead.has(attempt) && attempt.answers.some(({ rcode }) => rcode === 'NOERROR' || rcode === 'NXDOMAIN'));
}

function deadDomain({ lookup, phases, owner }: Asked, silent: Asked['phases'], facts: Facts): Cause {
  const suffixes = [...new Set(silent.map(({ dns }) => dns.attempt.suffix))];
  const under = suffixes[0] === '' ? `the name ${lookup.name} itself` : `names under the search domain ${list(suffixes)}`;
  const cost = total(silent);
  const gaveUp = SILENT.has(lookup.result) || lookup.result === 'SERVFAIL';
  const upstream = upstreamText(
    silent.flatMap(({ dns }) => dns.hops.map(({ hop }) => hop)),
    facts,
  );
  const nums = dnsEvidence(silent);
  if (suffixes[0] === '') {
    const sentence = `${owner} waited ${spanText(cost)} for the address of ${lookup.name}: the DNS server ${silent[0]!.dns.attempt.server} answers other names at once, but not this one${upstream}.`;
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
        : 'the resolver gave up there';
    const sentence = `${owner} could not look up ${lookup.name}: nobody answers questions for ${under}${upstream}, and after ${spanText(cost)} ${why}.`;
    return { id: 'dns-search-domain-fails', sentence, cost, nums, fixes: domainFixes(lookup, suffixes) };
  }
  const tried = phases.length > 1 ? ', which its resolver tries before the name itself' : '';
  const sentence = `${owner} waited ${spanText(cost)} for DNS: nobody answers questions for ${under}${tried}${upstream}.`;
  return { id: 'dns-search-domain-silent', sentence, cost, nums, fixes: domainFixes(lookup, suffixes) };
}

function domainFixes(lookup: Lookup, suffixes: readonly string[]): string[] {
  const dots = lookup.name.split('.').length - 1;
  return [
    `ask for the complete name, with a dot at its end: ${lookup.name}.`,
    dots > 0
      ? `set ndots to ${Math.min(dots, 2)} in the pod's dnsConfig: the name has ${dots} dots and is then tried as it is first (ndots is ${lookup.resolver.ndots})`
      : '',
    `remove the search domain ${list(suffixes)}: it comes from the node's own resolv.conf (kubelet --resolv-conf)`,
    `let the DNS server answer for ${list(suffixes)} itself (NXDOMAIN), or repair its upstream`,
  ].filter((fix) => fix !== '');
}

function deadServer({ lookup, owner }: Asked, silent: Asked['phases'], facts: Facts): Cause {
  const cost = total(silent);
  const hops = silent.flatMap(({ dns }) => dns.hops.map(({ hop }) => hop));
  const server = silent[0]!.dns.attempt.server;
  const result = lookup.result === 'NOERROR' ? '' : ', and the lookup failed';
  const nums = dnsEvidence(silent);
  const forwards = hops.flatMap((hop) => hop.forwards);
  if (forwards.length > 0 && forwards.some(({ partner }) => partner === null)) {
    const sentence = `${owner} waited ${spanText(cost)} for the address of ${lookup.name}${result}: its DNS server ${server} got no answer itself${upstreamText(hops, facts)}.`;
    return {
      id: 'dns-upstream-silent',
      sentence,
      cost,
      nums,
      fixes: [`repair or replace the upstream ${list(servers(forwards))} of the DNS server`],
    };
  }
  if (hops.length > 0) {
    const sentence = `${owner} waited ${spanText(cost)} for the address of ${lookup.name}${result}: ${processText(hops[0]!)}, the DNS server at ${server}, received the questions and did not answer.`;
    return { id: 'dns-server-hangs', sentence, cost, nums, fixes: [`look at ${hops[0]!.comm}: it is stuck, stopped or overloaded`] };
  }
  const dropped = droppedText(silent, facts);
  const sentence = `${owner} waited ${spanText(cost)} for the address of ${lookup.name}${result}: the DNS server ${server} never answered${dropped}.`;
  const fixes = [
    `check that ${server} is a DNS server that runs (its pod ready, its service with endpoints)`,
    'check that packets reach it: network policies, routes, conntrack',
  ];
  return { id: dropped === '' ? 'dns-server-silent' : 'dns-packets-dropped', sentence, cost, nums, fixes };
}

function droppedText(phases: Asked['phases'], facts: Facts): string {
  const queries = phases.flatMap(({ dns }) => dns.attempt.queries);
  const reasons = dropReasons(queries, facts);
  return reasons.length === 0 ? '' : `; the packets were dropped: ${list(reasons.map(reasonText))}`;
}

function dropReasons(queries: readonly DnsRow[], { scene }: Facts): string[] {
  const reasons = queries.flatMap((query) => {
    const fd = scene.dims.fds.get(query.fd);
    if (fd === undefined) return [];
    const near = scene.troubles.of(endText({ ip: String(fd.localIp), port: fd.localPort }), query.start - 1e9, query.start + 1e9);
    return drops(near).map(({ reason }) => reason);
  });
  return [...new Set(reasons)];
}

function serverUnreachable({ lookup, owner }: Asked, phases: Asked['phases'], facts: Facts): Cause {
  const server = phases[0]!.dns.attempt.server;
  const reasons = dropReasons(
    phases.flatMap(({ dns }) => dns.attempt.queries),
    facts,
  );
  const why = reasons.length === 0 ? '' : ` (${list(reasons.map(reasonText))})`;
  const sentence = `${owner} could not look up ${lookup.name}: the DNS server ${server} cannot be reached${why}, and the resolver gave up at once.`;
  const fixes = [
    'check that the DNS pods run and are ready',
    'check that their service has endpoints, and that kube-proxy runs on this node',
  ];
  return { id: 'dns-server-unreachable', sentence, cost: total(phases), nums: dnsEvidence(phases), fixes };
}

function slowServer({ lookup, owner }: Asked, slow: Asked['phases']): Cause {
  const cost = total(slow);
  const hops = slow.flatMap(({ dns }) => dns.hops.map(({ hop }) => hop));
  const forwards = hops.flatMap((hop) => hop.forwards);
  const slowest = Math.max(0, ...forwards.map(({ latency }) => latency ?? 0));
  const upstream = slowest > cost / 3 ? `, which had to ask ${list(servers(forwards))} and waited ${spanText(slowest)} for the answer` : '';
  const sentence = `${owner} waited ${spanText(cost)} for the address of ${lookup.name}: the DNS server ${slow[0]!.dns.attempt.server} is slow${upstream}.`;
  const fixes = [
    upstream === '' ? 'look at the load of the DNS server' : `look at the upstream ${list(servers(forwards))}`,
    'cache names near the client (NodeLocal DNSCache)',
  ];
  return { id: upstream === '' ? 'dns-server-slow' : 'dns-upstream-slow', sentence, cost, nums: dnsEvidence(slow), fixes };
}

function longList({ lookup, phases, owner }: Asked): Cause {
  const vain = phases.filter(({ dns }) => dns.attempt.wasted).length;
  const sentence = `${owner} spent ${spanText(total(phases))} looking up ${lookup.name}: ${vain} name${vain === 1 ? '' : 's'} of its search list ${vain === 1 ? 'was' : 'were'} tried in vain first.`;
  return {
    id: 'dns-search-list',
    sentence,
    cost: total(phases),
    nums: dnsEvidence(phases),
    fixes: domainFixes(lookup, lookup.resolver.search),
  };
}

const FAILURES: Readonly<Record<string, readonly [id: string, text: string]>> = {
  NXDOMAIN: ['dns-name-unknown', 'there is no such name'],
  SERVFAIL: ['dns-server-fails', 'the DNS server failed to find out (SERVFAIL)'],
  REFUSED: ['dns-server-refuses', 'the DNS server refuses to answer (REFUSED)'],
};

function failed({ lookup, phases, owner }: Asked): Cause {
  const last = lookup.attempts.at(-1) as Attempt;
  const [id, text] = FAILURES[lookup.result] ?? ['dns-failed', `no answer (${lookup.result})`];
  const names = lookup.attempts.length > 1 ? `, asked for in ${lookup.attempts.length} forms` : '';
  const sentence = `${owner} could not look up ${lookup.name}${names}: ${text}, says ${last.server}.`;
  const fixes = id === 'dns-name-unknown' ? ['check the name: service, namespace, spelling'] : ['look at the log of the DNS server'];
  return { id, sentence, cost: total(phases), nums: dnsEvidence(phases), fixes };
}

/** `; skydns asked 8.8.8.8:53 6 times, and no answer came`. */
function upstreamText(hops: readonly Hop[], facts: Facts): string {
  const forwards = [...new Set(hops.flatMap((hop) => hop.forwards))];
  if (forwards.length === 0) return '';
  const unanswered = forwards.filter(({ partner }) => partner === null);
  if (unanswered.length === 0) return '';
  const last = Math.max(...unanswered.map(({ time }) => time));
  const cut = facts.scene.end - last < 4e9 ? `, the last time ${spanText(facts.scene.end - last)} before the capture ended` : '';
  return `; ${processText(hops[0]!)} asked ${list(servers(unanswered))} ${unanswered.length} times${cut}, and no answer came`;
}

function servers(rows: readonly DnsRow[]): string[] {
  return [...new Set(rows.map(({ server }) => server))];
}

/** The questions, their answers, and what the server asked on. */
function dnsEvidence(phases: Asked['phases']): number[] {
  const nums = phases.flatMap(({ dns }) => [
    ...[...dns.attempt.queries, ...dns.attempt.answers].map(({ num }) => num),
    ...dns.hops.flatMap(({ hop }) => [hop.received, ...hop.forwards].map(({ num }) => num)),
  ]);
  return [...new Set(nums)].sort((a, b) => a - b);
}
