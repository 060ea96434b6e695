/** What to set ndots to, for those who advise it. */
import type { Lookup } from './lookup.ts';

/** The largest ndots with which each of these names is tried first as it is, so that short names still are searched for; null: no lower one helps. */
export function lowerNdots(lookups: readonly Pick<Lookup, 'name' | 'resolver'>[]): number | null {
  const dots = lookups.map(({ name }) => name.split('.').length - 1).filter((n) => n > 0);
  if (dots.length === 0) return null;
  const ndots = dots.reduce((a, b) => Math.min(a, b));
  const now = lookups.reduce((most, { resolver }) => Math.max(most, resolver.ndots), 0);
  return ndots < now ? ndots : null;
}
