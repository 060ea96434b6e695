/** The lists before a section's events become the state that events start from. */
import type { DimensionTables } from '../model/rows.ts';
import { Block } from './blocks.ts';
import type { Cursor } from './cursor.ts';
import type { Limits } from './limits.ts';
import { type MachineInfo, readFds, readInterfaces, readMachine, readProcesses, readUsers } from './lists.ts';
import type { MachineState } from './state.ts';
import { textIn } from './thread.ts';
import { addUser } from './users.ts';

export interface ListTarget {
  readonly state: MachineState;
  readonly tables: DimensionTables;
  readonly limits: Limits;
}

/** Adds a list's entries to the state; what the machine itself is called is returned. Blocks of other types are passed over. */
export function loadList(type: number, at: Cursor, target: ListTarget): MachineInfo | null {
  const version = Block.PROCESSES.indexOf(type) + 1;
  if (version > 0) loadThreads(at, version, target);
  else if (type === Block.MACHINE) return readMachine(at);
  else if (type === Block.INTERFACES_1 || type === Block.INTERFACES_2) {
    for (const one of readInterfaces(at, type === Block.INTERFACES_2)) target.state.addAddress(one);
  } else if (type === Block.USERS_1 || type === Block.USERS_2) {
    for (const entry of readUsers(at, type === Block.USERS_2)) addUser(target.tables, target.limits, entry);
  } else if (type === Block.FDS_1 || type === Block.FDS_2) loadFds(at, type === Block.FDS_2, target);
  return null;
}

function loadThreads(at: Cursor, version: number, { state, limits }: ListTarget): void {
  for (const thread of readProcesses(at, version)) if (state.add(thread)) limits.text += textIn(thread, limits);
}

function loadFds(at: Cursor, sized: boolean, { state, limits }: ListTarget): void {
  const thread = state.threads.get(at.i64());
  if (thread === undefined) return;
  for (const [number, fd] of readFds(at, sized)) if (state.putFd(thread.fds, number, fd)) limits.text += fd.name.length;
}
