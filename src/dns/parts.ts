/** Which lookup a message belongs to, by the number of its event. */
import type { LookupPart } from '../model/dns.ts';
import type { Dimensions } from '../model/rows.ts';
import { allMessages } from './implied.ts';
import { findLookups, type Lookup } from './lookup.ts';
import type { TracesOf } from './traces.ts';

/**
 * Gives the part of a lookup that an event carried; null for one of no client's lookup. Lookups are found when first asked
 * for, and again when messages were added. `end`: the capture's, now. `tracesOf`: what else its events show.
 */
export function lookupParts(dims: Dimensions, end: () => number, tracesOf?: TracesOf): (num: number) => LookupPart | null {
  let parts = new Map<number, LookupPart>();
  let seen = -1;
  let version = -1;
  return (num) => {
    if (seen !== dims.dns.lastId || dims.dns.version !== version) {
      parts = index(findLookups(dims, end(), allMessages(dims), tracesOf));
      seen = dims.dns.lastId;
      version = dims.dns.version;
    }
    return parts.get(num) ?? null;
  };
}

/** The same for one moment, whatever comes after it. */
export function lookupPartsAt(dims: Dimensions, end: number): (num: number) => LookupPart | null {
  const parts = index(findLookups(dims, end, allMessages(dims)));
  return (num) => parts.get(num) ?? null;
}

function index(lookups: readonly Lookup[]): Map<number, LookupPart> {
  const parts = new Map<number, LookupPart>();
  for (const found of lookups) {
    const lookup = summary(found);
    found.attempts.forEach(({ queries, answers, suffix, wasted }, i) => {
      for (const { num } of [...queries, ...answers]) parts.set(num, { lookup, index: i + 1, suffix, wasted });
    });
  }
  return parts;
}

function summary({ id, name, start, end, result, addresses, attempts, resolver, library }: Lookup): LookupPart['lookup'] {
  const queries = attempts.reduce((sum, attempt) => sum + attempt.queries.length, 0);
  return { id, name, latency: end - start, result, addresses, queries, ndots: resolver.ndots, library };
}
