/** What the probe lets through under its settings, event by event: native/ in small. */
import type { Pushed } from '../../src/collector/pushdown.ts';
import { pushedConfig } from '../../src/collector/pushdown.ts';
import type { EventView } from '../../src/event/view.ts';
import { CALLS, OPEN_CALLS } from '../../src/model/calls.ts';
import { EventFlag } from '../../src/model/chunk.ts';
import { isIpSocket } from '../../src/model/fd-name.ts';
import { FD_KINDS } from '../../src/model/rows.ts';

const IDS = new Map(CALLS.map(({ name, id }) => [name, id]));
/** decide_wanted walks up so far, and stops before the first process. */
const ANCESTORS_MAX = 16;
/** Built by process.bpf.c, which asks nothing of a descriptor and of a latency. */
const OF_PROCESSES = new Set(['execve', 'execveat', 'procexit', 'signaldeliver']);

/** Whether the probe would record the event that the view stands on. */
export function letsThrough(pushed: Pushed, view: EventView): boolean {
  const { calls } = pushedConfig(pushed);
  const { name, family } = view.type;
  if (name === 'lost') return true;
  if (calls !== undefined && !calls.includes(IDS.get(name) ?? -1)) return false;
  if (family === 'trouble') return pushed.ports === undefined || fdIsWanted(pushed, view);
  if (!isOfWantedThread(pushed, view)) return pushed.comms !== undefined && OPEN_CALLS.includes(name); // names_for_others
  if (OF_PROCESSES.has(name)) return true;
  return tookLongEnough(pushed, view) && fdIsWanted(pushed, view);
}

function tookLongEnough({ minLatency }: Pushed, view: EventView): boolean {
  return minLatency === undefined || (view.columnValue('latency') ?? -1) >= minLatency || OPEN_CALLS.includes(view.type.name);
}

function isOfWantedThread({ comms, pids }: Pushed, view: EventView): boolean {
  if (comms !== undefined && !comms.has(view.thread?.comm ?? '')) return false;
  return pids === undefined || lineage(view).some((pid) => pids.has(pid));
}

/** The event's process and those above it, as find_ancestor sees them. */
function lineage(view: EventView): number[] {
  const found: number[] = [];
  let pid = view.process?.pid ?? 0;
  while (pid > 1 && found.length < ANCESTORS_MAX) {
    found.push(pid);
    pid = view.processAt(pid)?.ppid ?? (found.length === 1 ? (view.process?.ppid ?? 0) : 0);
  }
  return found;
}

/** Calls on no descriptor are of the kind that is known of nothing. */
function fdIsWanted({ kinds, ports }: Pushed, { fd, flags }: EventView): boolean {
  if (flags & EventFlag.PENDING) return true;
  if (kinds !== undefined && !kinds.has(FD_KINDS.indexOf(fd?.kind ?? 'unknown'))) return false;
  return ports === undefined || (fd !== null && isIpSocket(fd) && (ports.has(fd.localPort) || ports.has(fd.remotePort)));
}
