/** What a capture of several nodes says of what it was made of. Anything may stand in a file, so all of it is checked. */
import type { CaptureMeta } from './meta.ts';

/** One of the captures that it was made of. */
export interface MemberOf {
  readonly node: string;
  /** ns by which its clock is ahead of that of the first. */
  readonly offset: number;
  /** ns by which that may be wrong; null: nothing tells, and it was taken to be 0. */
  readonly error: number | null;
  /** Connections that tell it. */
  readonly connections: number;
}

export function membersOf({ members }: Readonly<Partial<CaptureMeta>>): readonly MemberOf[] {
  const list = parsed(members);
  return Array.isArray(list) && list.every(isMember) ? list : [];
}

export const nodesOfMembers = (meta: Readonly<Partial<CaptureMeta>>): readonly string[] => membersOf(meta).map(({ node }) => node);

/** How a connection of two nodes was found to be one. */
export interface JoinedEnds {
  /** Row of the server's descriptor. */
  readonly server: number;
  readonly by: 'sequence' | 'addresses' | 'conntrack' | 'bytes';
}

const WAYS: ReadonlySet<unknown> = new Set<JoinedEnds['by']>(['sequence', 'addresses', 'conntrack', 'bytes']);

/** By row of the client's descriptor. */
export function joinedEnds({ ends }: Readonly<Partial<CaptureMeta>>): ReadonlyMap<number, JoinedEnds> {
  const list = parsed(ends);
  const pairs = Array.isArray(list) ? list.filter(isPair) : [];
  return new Map(pairs.map(([client, server, by]) => [client, { server, by }]));
}

function isMember(value: unknown): value is MemberOf {
  if (typeof value !== 'object' || value === null) return false;
  const { node, offset, error, connections } = value as Readonly<Record<string, unknown>>;
  const isError = error === null || Number.isFinite(error);
  return typeof node === 'string' && Number.isFinite(offset) && isError && Number.isInteger(connections);
}

function isPair(value: unknown): value is readonly [number, number, JoinedEnds['by']] {
  return Array.isArray(value) && Number.isInteger(value[0]) && Number.isInteger(value[1]) && WAYS.has(value[2]);
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
