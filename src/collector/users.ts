/** The node's users and groups as its probe names them, so that numbers have names offline. */
import type { CaptureMeta } from '../capture/meta.ts';
import type { DimensionTables } from '../model/rows.ts';
import type { Ready } from './wire.ts';

/** Where a number stands twice, its first name counts, as for the C library. */
export function takeUsers(tables: DimensionTables, { users, groups }: Ready): void {
  const seen = { uids: new Set<number>(), gids: new Set<number>() };
  for (const { uid, gid, name, home, shell } of users) {
    if (seen.uids.has(uid)) continue;
    seen.uids.add(uid);
    tables.users.add({ uid, gid, name: text(name), home: text(home), shell: text(shell) });
  }
  for (const { gid, name } of groups) {
    if (seen.gids.has(gid)) continue;
    seen.gids.add(gid);
    tables.groups.add({ gid, name: text(name) });
  }
}

/** What the capture says where names are missing. */
export function usersMeta({ users, usersCut }: Ready): Partial<CaptureMeta> {
  if (users.length === 0) return { users: 'none' };
  return usersCut ? { users: 'cut' } : {};
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
