/** How a process' resolver was set: by the file that it read, and by what it asked. */
import type { DnsRow } from '../model/dns.ts';
import type { Dimensions } from '../model/rows.ts';
import { SECOND, spanText } from '../model/time.ts';
import type { Attempt } from './attempt.ts';
import { countUntil, pushTo } from './by-time.ts';
import type { ResolverLibrary } from './library.ts';
import { DEFAULTS, parseResolvConf, type ResolvConf } from './resolv.ts';
import { addressOf } from './server.ts';

/** How the process' resolver was set, and how we know. */
export interface ResolverUsed extends ResolvConf {
  /** `read`: the process read the file in the capture; `inferred`: from what it asked. */
  readonly source: 'read' | 'inferred';
  /** Number of the event that read it. */
  readonly num: number | null;
}

/** Which resolv.conf a process had read last. */
export class Resolvers {
  readonly #byPid = new Map<number, { readonly time: number; readonly used: ResolverUsed }[]>();
  readonly #parsed = new Map<string, ResolvConf>();

  constructor(dims: Dimensions) {
    for (const { thread, text, num, time } of dims.resolvers.all()) {
      const pid = pidOf(dims, thread);
      pushTo(this.#byPid, pid, { time, used: { ...this.#parse(text), source: 'read', num } });
    }
    for (const entries of this.#byPid.values()) entries.sort((a, b) => a.time - b.time);
  }

  at(pid: number, time: number): ResolverUsed | null {
    const entries = this.#byPid.get(pid) ?? [];
    return entries[countUntil(entries, (entry) => entry.time, time) - 1]?.used ?? null;
  }

  /** Most processes of a node read the same file. */
  #parse(text: string): ResolvConf {
    let parsed = this.#parsed.get(text);
    if (parsed === undefined) {
      parsed = parseResolvConf(text);
      this.#parsed.set(text, parsed);
    }
    return parsed;
  }
}

/** The resolver as its queries show it. `names`: as tried, in lower case. */
export function inferResolver(names: readonly string[], stem: string, queries: readonly DnsRow[]): ResolverUsed {
  const search = names.filter((name) => name.length > stem.length).map((name) => name.slice(stem.length + 1));
  const nameservers = [...new Set(queries.map(({ server }) => addressOf(server)))];
  const ndots = names[0] === stem ? DEFAULTS.ndots : stem.split('.').length;
  return { ...DEFAULTS, ndots, search, nameservers, source: 'inferred', num: null };
}

/** What the queries did that the file does not say, in words; a resolver may be set by its environment, or read the file otherwise. */
export function contradictions(resolver: ResolverUsed, library: ResolverLibrary, attempts: readonly Attempt[]): string[] {
  if (resolver.source === 'inferred') return [];
  const ends = resolver.dosLines ? ', since the lines of the file end with CR LF' : '';
  const search = resolver.search.map((domain) => domain.toLowerCase());
  const suffixes = attempts.map(({ suffix }) => suffix).filter((suffix) => suffix !== '' && !search.includes(suffix.toLowerCase()));
  const told: string[] = [];
  if (suffixes.length > 0) told.push(`it tried ${suffixes.join(' and ')}, not in the file’s search list${ends || ' (LOCALDOMAIN?)'}`);
  const others = strangers(resolver, attempts);
  if (others.length > 0) told.push(`it asked ${others.join(' and ')}, no nameserver of the file${ends}`);
  const wait = library === 'glibc' ? shortestWait(attempts) : Infinity;
  if (wait < 0.5 * resolver.timeout * SECOND)
    told.push(`it waited ${spanText(wait)} for an answer, not the file’s ${resolver.timeout} s (RES_OPTIONS?)`);
  return told;
}

/** Servers that were asked and that the file does not name; without a nameserver it is the own machine. */
function strangers({ nameservers }: ResolverUsed, attempts: readonly Attempt[]): string[] {
  if (nameservers.length === 0) return [];
  const servers = new Set(attempts.flatMap(({ tries }) => tries.map(({ server }) => server)));
  return [...servers].map(addressOf).filter((server) => !nameservers.some((known) => sameAddress(known, server)));
}

/** ns of the shortest wait that ended with its timeout. */
function shortestWait(attempts: readonly Attempt[]): number {
  let least = Infinity;
  for (const { tries } of attempts)
    for (const { result, query, start, end } of tries)
      if (result === 'TIMEOUT' && query.transport === 'udp') least = Math.min(least, end - start);
  return least;
}

/** `fe80::1%eth0` is fe80::1 here; an IPv4 address may be written as one of IPv6. */
function sameAddress(known: string, server: string): boolean {
  const plain = (address: string) =>
    address
      .replace(/%.*$/, '')
      .replace(/^::ffff:/, '')
      .toLowerCase();
  return plain(known) === plain(server);
}

export function pidOf(dims: Dimensions, thread: number): number {
  const row = dims.threads.get(thread);
  return row === undefined ? 0 : (dims.processes.get(row.process)?.pid ?? 0);
}
