/** Which resolver a process has in it, told by how it asks. */
import type { DnsRow } from '../model/dns.ts';
import type { Dimensions } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';

export type ResolverLibrary = 'glibc' | 'musl' | 'go' | 'c-ares' | 'unknown';

/** c-ares asks again after 2 s, glibc after 5 s. */
const ARES_PATIENCE = 3 * SECOND;

/**
 * glibc sends A and AAAA in one sendmmsg; Go's own resolver writes to a connected socket; musl sends from a socket that it bound
 * and never connected; c-ares sends on a connected one, each question for itself.
 */
export function libraryOf(queries: readonly DnsRow[], dims: Dimensions): ResolverLibrary {
  const first = queries[0];
  if (first === undefined || first.transport === 'tcp') return 'unknown';
  if (queries.some(({ call }) => call === 'sendmmsg')) return 'glibc';
  if (first.call === 'write') return 'go';
  if (first.call !== 'sendto') return 'unknown';
  const { localIp } = dims.fds.get(first.fd) ?? { localIp: null };
  if (localIp === '0.0.0.0' || localIp === '::') return 'musl';
  const again = queries.find(({ attempt }) => attempt === 2);
  if (again === undefined) return 'unknown';
  return again.start - first.start < ARES_PATIENCE ? 'c-ares' : 'glibc';
}
