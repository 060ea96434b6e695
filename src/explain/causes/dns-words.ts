/** What sentences about lookups have in common. */
import type { Hop } from '../../dns/chain.ts';
import type { Lookup } from '../../dns/lookup.ts';
import type { Try } from '../../dns/try.ts';
import type { DnsRow } from '../../model/dns.ts';
import { spanText } from '../../model/time.ts';
import type { DnsPhase, Phase, Trouble } from '../story.ts';
import type { Facts } from './cause.ts';
import { drops, list, processText, reasonText } from './names.ts';
import { vanishedText } from './vanished.ts';

export type NamePhase = Phase & { readonly dns: DnsPhase };

/** One lookup on the path, and what of it is there. */
export interface Asked {
  readonly lookup: Lookup;
  readonly phases: readonly NamePhase[];
  readonly owner: string;
}

/** Where events were lost this near to a verdict, what is missing may be among them. */
const NEAR = 1e9;

/** `the address of backend.app`, `the name of 10.1.2.3`, `the SRV record of _http._tcp.backend`. */
export function soughtText({ name, attempts }: Lookup): string {
  const type = attempts[0]!.queries[0]!.qtype;
  if (type === 'A' || type === 'AAAA') return `the address of ${name}`;
  return type === 'PTR' ? `the name of ${reversed(name)}` : `the ${type} record of ${name}`;
}

/** The address in a name under in-addr.arpa or ip6.arpa; another name as it is. */
function reversed(name: string): string {
  const labels = name.toLowerCase().split('.').reverse();
  const [arpa, family, ...parts] = labels;
  if (arpa === 'arpa' && family === 'in-addr' && parts.length === 4) return parts.join('.');
  if (arpa !== 'arpa' || family !== 'ip6' || parts.length !== 32) return name;
  const groups = Array.from({ length: 8 }, (_, i) =>
    parts
      .slice(i * 4, i * 4 + 4)
      .join('')
      .replace(/^0{1,3}/, ''),
  );
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
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

/** `: 10.0.0.1:53 REFUSED, 10.0.0.2:53 TIMEOUT`, where several servers were asked. */
export function outcomesText(tries: readonly Try[]): string {
  const servers = serversOf(tries);
  if (servers.length < 2) return '';
  const outcome = (server: string) => [...new Set(tries.filter((one) => one.server === server).map(({ result }) => result))].join('/');
  return ` (${servers.map((server) => `${server} ${outcome(server)}`).join(', ')})`;
}

/** Events that were lost in a time, or next to it. */
export function lostNear({ scene }: Facts, phases: readonly NamePhase[]): number {
  const from = Math.min(...phases.map(({ start }) => start)) - NEAR;
  const to = Math.max(...phases.map(({ end }) => end)) + NEAR;
  let lost = 0;
  for (const loss of scene.dims.losses.all()) if (loss.from <= to && loss.to >= from) lost += loss.count;
  return lost;
}

/** `, and was cut off …`, where the process ended before its resolver gave up. */
export function cutOffText(phases: readonly NamePhase[]): string {
  const aborted = phases.find(({ dns }) => dns.attempt.result === 'ABORTED');
  if (aborted === undefined) return '';
  const { attempt, lookup } = aborted.dns;
  const last = attempt.tries.at(-1)!;
  return `; it was cut off ${spanText(attempt.end - last.start)} after its last question, before its resolver, which waits ${lookup.resolver.timeout} s, had given up`;
}

/** `; the packets were dropped: …`. */
export function droppedText(phases: readonly NamePhase[], facts: Facts): string {
  const dropped = droppedNear(triesOf(phases), facts);
  if (dropped.length === 0) return '';
  const where = vanishedText(facts.scene, dropped);
  const reasons = [...new Set(dropped.map(({ reason }) => reason))];
  return `; the packets ${where === '' ? `were dropped: ${list(reasons.map(reasonText))}` : where}`;
}

/** The kernel's reasons for dropping questions, or their answers. NO_SOCKET counts at the server's end alone. */
export function dropReasons(tries: readonly Try[], facts: Facts): string[] {
  return [...new Set(droppedNear(tries, facts).map(({ reason }) => reason))];
}

function droppedNear(tries: readonly Try[], { scene }: Facts): Trouble[] {
  const found = tries.flatMap(({ query, error }) => {
    const fd = scene.dims.fds.get(query.fd);
    if (fd === undefined) return [];
    const near = scene.troubles.of(`${fd.localIp}:${fd.localPort}`, query.start - NEAR, query.start + NEAR);
    return drops(near).filter(({ reason }) => reason !== 'NO_SOCKET' || error === 'NO_SOCKET' || error === 'ECONNREFUSED');
  });
  return [...new Set(found)];
}

/** `; its resolver does not do what resolv.conf says: …`. */
export function contradictionText({ contradictions }: Lookup): string {
  return contradictions.length === 0 ? '' : `; its resolver does not do what its resolv.conf says: ${list(contradictions)}`;
}

/** `; skydns asked 8.8.8.8:53 6 times, and no answer came`. */
export function upstreamText(hops: readonly Hop[], facts: Facts): string {
  const forwards = [...new Set(hops.flatMap((hop) => hop.forwards))];
  const unanswered = forwards.filter(({ partner }) => partner === null);
  if (unanswered.length === 0) return '';
  const last = unanswered.reduce((latest, { time }) => Math.max(latest, time), 0);
  const cut = facts.scene.end - last < 4e9 ? `, the last time ${spanText(facts.scene.end - last)} before the capture ended` : '';
  return `; ${processText(hops[0]!)} asked ${list(serversOf(unanswered))} ${unanswered.length} times${cut}, and no answer came`;
}

/** The questions, their answers, what the server asked on, and what the kernel said. */
export function dnsEvidence(phases: readonly NamePhase[]): number[] {
  const nums = phases.flatMap(({ dns }) => [
    ...[...dns.attempt.queries, ...dns.attempt.answers].map(({ num }) => num),
    ...dns.attempt.tries.flatMap((one) => one.nums),
    ...(dns.attempt.tcp === null ? [] : [dns.attempt.tcp.num]),
    ...dns.hops.flatMap(({ hop }) => [hop.received, ...hop.forwards].map(({ num }: DnsRow) => num)),
  ]);
  return [...new Set(nums)].filter((num) => num > 0).sort((a, b) => a - b);
}
