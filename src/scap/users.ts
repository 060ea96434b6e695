/** Who the numbers of users and groups are: from the list before the events, and from events that bring more. */
import type { DimensionTables } from '../model/rows.ts';
import type { EventContext } from './event-context.ts';
import type { Limits } from './limits.ts';
import type { Params } from './params.ts';
import { indexOf } from './schema.ts';
import type { MachineState } from './state.ts';

export type UserEntry =
  | {
      readonly kind: 'user';
      readonly uid: number;
      readonly gid: number;
      readonly name: string;
      readonly home: string;
      readonly shell: string;
    }
  | { readonly kind: 'group'; readonly gid: number; readonly name: string };

/** A later entry for a number takes the place of the one before. */
export function addUser(tables: DimensionTables, limits: Limits, entry: UserEntry): void {
  if (entry.kind === 'user') {
    const { uid, gid, name, home, shell } = entry;
    if (isNew(tables.users, uid) && !limits.allow('users', tables.users.size)) return;
    tables.users.putUnder(`${uid}`, { uid, gid, name, home, shell });
  } else {
    const { gid, name } = entry;
    if (isNew(tables.groups, gid) && !limits.allow('groups', tables.groups.size)) return;
    tables.groups.putUnder(`${gid}`, { gid, name });
  }
}

function isNew(table: DimensionTables['users'] | DimensionTables['groups'], id: number): boolean {
  return table.under(`${id}`) === undefined;
}

/** useradded. Those of containers have numbers of their own, which would be taken for the machine's. */
export function userAdded(state: MachineState, { params, schema }: EventContext): void {
  const [uid, gid] = [params.uint(0), params.uint(1)];
  if (uid === null || gid === null || inContainer(params, indexOf(schema, 'container_id'))) return;
  const [name, home, shell] = [2, 3, 4].map((i) => params.text(i) ?? '');
  addUser(state.tables, state.limits, { kind: 'user', uid, gid, name: name!, home: home!, shell: shell! });
}

/** groupadded */
export function groupAdded(state: MachineState, { params, schema }: EventContext): void {
  const gid = params.uint(0);
  if (gid === null || inContainer(params, indexOf(schema, 'container_id'))) return;
  addUser(state.tables, state.limits, { kind: 'group', gid, name: params.text(1) ?? '' });
}

function inContainer(params: Params, index: number): boolean {
  return (params.text(index) ?? '') !== '';
}
