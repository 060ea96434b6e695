/** The sentences of the causes of slow and failed lookups. */
import type { CauseFacts } from '../explain/catalog.ts';
import type { CutOff, Dropping, Outcome, SilentServer, Sought, Unfound, Upstream } from '../explain/causes/dns-facts.ts';
import { spanText } from '../model/time.ts';
import { list, name, reasonText, vanishedText } from './words.ts';

type DnsSentences = { readonly [Id in keyof CauseFacts as Id extends `dns-${string}` ? Id : never]: (facts: CauseFacts[Id]) => string };

export const DNS_SENTENCES: DnsSentences = {
  'dns-truncated-tcp-failed': (f) =>
    `${f.failed ? `${name(f.owner)} could not look up ${f.name}` : waiting(f)}: the DNS server ${f.server} truncated its answer over UDP (TC), and over TCP ${tcpText(f.tcp)}${cutText(f.cutOff)}.`,
  'dns-server-unreachable': (f) =>
    `${name(f.owner)} could not look up ${f.name}: ${dnsServers(f.servers)} cannot be reached${f.reasons.length === 0 ? '' : ` (${list(f.reasons.map(reasonText))})`}, and the resolver gave up at once${againstFile(f)}.`,
  'dns-server-slow': slow,
  'dns-upstream-slow': slow,
  'dns-search-list': (f) =>
    `${name(f.owner)} spent ${spanText(f.waited)} looking up ${f.name}: ${f.wasted} name${f.wasted === 1 ? '' : 's'} of its search list ${f.wasted === 1 ? 'was' : 'were'} tried first and brought nothing.`,
  'dns-name-unknown': unfound,
  'dns-server-refuses': unfound,
  'dns-failed': unfound,
  'dns-search-domain-silent': (f) =>
    `${name(f.owner)} waited ${spanText(f.waited)} for DNS: ${nobody(f.lost)} for ${under(f.suffixes)}${f.others ? ', which its resolver tries before the name itself' : ''}${upstreamText(f.upstream)}.`,
  'dns-search-domain-fails': (f) =>
    `${name(f.owner)} could not look up ${f.name}: ${nobody(f.lost)} for ${under(f.suffixes)}${upstreamText(f.upstream)}, and after ${spanText(f.waited)} ${GAVE_UP[f.gaveUp ?? 'resolver']}.`,
  'dns-name-silent': (f) =>
    `${waiting(f)}: the DNS server ${f.server} answers other names at once, but not this one${upstreamText(f.upstream)}${cutText(f.cutOff)}.`,
  'dns-upstream-silent': (f) => `${lookingUp(f)}: its DNS server ${f.server} got no answer itself${upstreamText(f.upstream)}${ending(f)}.`,
  'dns-server-hangs': (f) =>
    `${lookingUp(f)}: ${name(f.by)}, the DNS server at ${f.server}, received the questions and did not answer${ending(f)}.`,
  'dns-answer-lost': (f) =>
    `${lookingUp(f)}: ${name(f.by)}, the DNS server at ${f.server}, received the questions and answered, but its answers did not arrive${ending(f)}.`,
  'dns-server-silent': silent,
  'dns-packets-dropped': silent,
  'dns-server-fails': unfound,
  'dns-cut-off-by-caller': (f) => `${lookingUp(f)}: ${dnsServers(f.servers)} had not answered yet${ending(f)}.`,
  'dns-answer-from-other-address': (f) =>
    `${lookingUp(f)}: it asked ${list(f.servers)}, but the answers came from another address, ${list(f.from)}, and were not accepted.`,
  'dns-one-type-unanswered': (f) =>
    `${lookingUp(f)}: the DNS server ${list(f.servers)} answered the question for ${list(f.answered)}, but ${f.lost > 0 ? 'is not seen to have answered' : 'never answered'} the one for ${list(f.silent)} (asked ${f.questions === 1 ? 'once' : `${f.questions} times`})${LIBRARY[f.library] ?? ''}${cutText(f.cutOff)}.`,
  'dns-question-lost': (f) =>
    `${waiting(f)}: the DNS server ${f.server} did not answer ${f.many ? 'the first questions' : 'the first question'} within ${spanText(f.within)}, and answered the next after ${spanText(f.after)}: a question or its answer was lost${f.received === null ? '' : `; ${name(f.received.by)} received it${f.received.answered ? ', and its answer was lost' : ' and did not answer'}`}${droppedText(f.dropped)}.`,
  'dns-late-answer': (f) => {
    const answered = `${lookingUp(f)}: the DNS server ${f.server}${f.by === null ? '' : `, ${name(f.by)},`} answered ${spanText(f.after)}`;
    if (f.again)
      return `${answered} after the first question, later than the resolver waits (${spanText(f.limit)}), which had asked again meanwhile.`;
    return `${answered} after the question, when nobody waited for it any more${cutText(f.cutOff) || ` (the resolver waits ${spanText(f.limit)})`}.`;
  },
};

const GAVE_UP = {
  musl: 'musl gives up at the first search domain that does not answer, where glibc would go on',
  ended: 'its process ended, before the resolver gave up',
  resolver: 'the resolver gave up there',
} as const;

const LIBRARY: Readonly<Partial<Record<string, string>>> = {
  glibc: '; glibc waits for both, and then goes on with the one it has',
  musl: '; musl fails without both (EAI_AGAIN)',
};

function waiting(f: Sought): string {
  return `${name(f.owner)} waited ${spanText(f.waited)} for ${soughtText(f)}`;
}

function lookingUp(f: Sought): string {
  return `${waiting(f)}${f.failed ? ', and the lookup failed' : ''}`;
}

/** `the address of backend.app`, `the name of 10.1.2.3`, `the SRV record of _http._tcp.backend`. */
function soughtText({ name: sought, qtype }: Sought): string {
  if (qtype === 'A' || qtype === 'AAAA') return `the address of ${sought}`;
  return qtype === 'PTR' ? `the name of ${reversed(sought)}` : `the ${qtype} record of ${sought}`;
}

/** The address in a name under in-addr.arpa or ip6.arpa; another name as it is. */
function reversed(text: string): string {
  const labels = text.toLowerCase().split('.').reverse();
  const [arpa, family, ...parts] = labels;
  if (arpa === 'arpa' && family === 'in-addr' && parts.length === 4) return parts.join('.');
  if (arpa !== 'arpa' || family !== 'ip6' || parts.length !== 32) return text;
  const groups = Array.from({ length: 8 }, (_, i) =>
    parts
      .slice(i * 4, i * 4 + 4)
      .join('')
      .replace(/^0{1,3}/, ''),
  );
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}

function dnsServers(servers: readonly string[]): string {
  return `the DNS server${servers.length > 1 ? 's' : ''} ${list(servers)}`;
}

function under(suffixes: readonly string[]): string {
  return `names under the search domain ${list(suffixes)}`;
}

function nobody(lost: number): string {
  return lost === 0 ? 'nobody answers questions' : `no answer is seen (${lost} events were lost meanwhile) to questions`;
}

function silent(f: SilentServer): string {
  const many = f.servers.length > 1;
  const never = f.lost === 0 ? 'never answered' : `${many ? 'are' : 'is'} not seen to have answered (${f.lost} events were lost meanwhile)`;
  if (f.next === null)
    return `${lookingUp(f)}: ${dnsServers(f.servers)} ${never}${outcomesText(f.outcomes)}${droppedText(f.dropped)}${ending(f)}.`;
  return `${waiting(f)}, ${spanText(f.next.wasted)} of it without an answer: ${dnsServers(f.servers)} ${never}${droppedText(f.dropped)}; ${list(f.next.servers)}, asked next, did at once.`;
}

const SAYS: Readonly<Record<string, string>> = {
  NXDOMAIN: 'there is no such name',
  SERVFAIL: 'the DNS server failed to find out (SERVFAIL)',
  REFUSED: 'the DNS server refuses to answer (REFUSED)',
  NODATA: 'the name is there, but has no address of the kind that was asked for (NODATA)',
};

function unfound(f: Unfound): string {
  if (f.slow) return `${lookingUp(f)}: ${dnsServers(f.servers)} failed to find out (${f.result})${ending(f)}.`;
  const forms = f.forms > 1 ? `, asked for in ${f.forms} forms` : '';
  const why = SAYS[f.result] === undefined ? noAnswerText(f) : `${SAYS[f.result]}, says ${list(f.said)}`;
  return `${name(f.owner)} could not look up ${f.name}${forms}: ${why}${outcomesText(f.outcomes)}${againstFile(f)}.`;
}

/** Nobody answered, and nobody waited long: what is seen, and no more. */
function noAnswerText({ result, servers, silent: nothing, longest }: Unfound): string {
  if (result === 'ABORTED') return `its process ended before ${list(servers)} had answered`;
  if (!nothing) return `${list(servers)} answered ${result}`;
  return `no answer of ${list(servers)} is in the capture, and its resolver waited only ${spanText(longest)} for one`;
}

function slow(f: CauseFacts['dns-server-slow']): string {
  const upstream =
    f.upstream === null ? '' : `, which had to ask ${list(f.upstream.servers)} and waited ${spanText(f.upstream.waited)} for the answer`;
  return `${waiting(f)}: the DNS server ${f.server} is slow${f.transport === 'tcp' ? ' over TCP' : ''}${outcomesText(f.outcomes)}${upstream}.`;
}

function tcpText(tcp: CauseFacts['dns-truncated-tcp-failed']['tcp']): string {
  if (tcp === null) return 'nothing is seen to have been asked';
  if (tcp.outcome === 'failed')
    return `port 53 ${tcp.error === 'ECONNREFUSED' ? 'refuses connections' : 'cannot be reached'} (${tcp.error})`;
  if (tcp.outcome === 'unanswered') return `nobody answered its connection to port 53 in ${spanText(tcp.waited)}`;
  return `${tcp.asked ? 'the question got no answer' : 'no question is seen'} on the connection in ${spanText(tcp.waited)}`;
}

/** ` (10.0.0.1:53 REFUSED, 10.0.0.2:53 TIMEOUT)`, where several servers were asked. */
function outcomesText(outcomes: readonly Outcome[]): string {
  if (outcomes.length === 0) return '';
  return ` (${outcomes.map(({ server, results }) => `${server} ${results.join('/')}`).join(', ')})`;
}

function droppedText(dropped: Dropping | null): string {
  if (dropped === null) return '';
  return `; the packets ${dropped.where === null ? `were dropped: ${list(dropped.reasons.map(reasonText))}` : vanishedText(dropped.where)}`;
}

function ending(f: { readonly cutOff: CutOff | null; readonly contradictions: readonly string[] }): string {
  return cutText(f.cutOff) + againstFile(f);
}

/** Where the process ended before its resolver gave up. */
function cutText(cutOff: CutOff | null): string {
  if (cutOff === null) return '';
  return `; it was cut off ${spanText(cutOff.after)} after its last question, before its resolver, which waits ${cutOff.timeout} s, had given up`;
}

function againstFile({ contradictions }: { readonly contradictions: readonly string[] }): string {
  return contradictions.length === 0 ? '' : `; its resolver does not do what its resolv.conf says: ${list(contradictions)}`;
}

/** `; skydns (17) asked 8.8.8.8:53 6 times, and no answer came`. */
function upstreamText(upstream: Upstream | null): string {
  if (upstream === null) return '';
  const cut = upstream.before === null ? '' : `, the last time ${spanText(upstream.before)} before the capture ended`;
  return `; ${name(upstream.by)} asked ${list(upstream.servers)} ${upstream.times} times${cut}, and no answer came`;
}
