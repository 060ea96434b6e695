/** How a process' resolver was set: by the file that it read, and by what it asked. */
import type { DnsRow } from '../model/dns.ts';
import type { Dimensions } from '../model/rows.ts';
import { SECOND, spanText } from '../model/time.ts';
import { countUntil, pushTo } from './by-time.ts';
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
export function contradictions(resolver: ResolverUsed, suffixes: readonly string[], queries: readonly DnsRow[]): string[] {
  if (resolver.source === 'inferred') return [];
  const search = resolver.search.map((domain) => domain.toLowerCase());
  const strange = [...new Set(suffixes.filter((suffix) => suffix !== '' && !search.includes(suffix.toLowerCase())))];
  const servers = [...new Set(queries.map(({ server }) => addressOf(server)))];
  const others = servers.filter((server) => !resolver.nameservers.some((known) => sameAddress(known, server)));
  const pause = shortestPause(queries);
  const told: string[] = [];
  const ends = resolver.dosLines ? ', since the lines of the file end with CR LF' : '';
  if (strange.length > 0) told.push(`it tried ${strange.join(' and ')}, not in the file’s search list${ends || ' (LOCALDOMAIN?)'}`);
  if (others.length > 0 && resolver.nameservers.length > 0) told.push(`it asked ${others.join(' and ')}, no nameserver of the file${ends}`);
  if (pause !== null && pause < 0.5 * resolver.timeout * SECOND && !suitsMusl(pause, resolver))
    told.push(`it asked again after ${spanText(pause)}, not after the ${resolver.timeout} s of the file (RES_OPTIONS?)`);
  return told;
}

/** musl has all attempts in the time of one. */
function suitsMusl(pause: number, { timeout, attempts }: ResolverUsed): boolean {
  return Math.abs(pause - (timeout / attempts) * SECOND) < 0.1 * pause;
}

/** ns between two sendings of one question to one server, where the first was not answered; null: none was sent twice. */
function shortestPause(queries: readonly DnsRow[]): number | null {
  const last = new Map<string, DnsRow>();
  let least: number | null = null;
  for (const query of queries) {
    if (query.partner !== null && last.size === 0) continue;
    const key = `${query.qname} ${query.qtype} ${query.server} ${query.messageId}`;
    const before = last.get(key);
    if (before?.partner === null && query.start - before.start > 0.1 * SECOND)
      least = Math.min(least ?? Infinity, query.start - before.start);
    last.set(key, query);
  }
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
