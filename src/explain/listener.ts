/** Who listens where a connection leads: it owns what lies in its accept queue, too. */
import { errnoName } from '../model/errno.ts';
import type { Analysis } from './analysis.ts';
import { callKind } from './calls.ts';
import { isPath, localText } from './descriptors.ts';
import { descriptorEvents, type Ev, type Window } from './process-events.ts';
import type { ProcessName, SocketPhase } from './story.ts';

/** Errors by which a call says that no descriptor is left. */
const NO_DESCRIPTOR: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

export interface Listener {
  readonly process: ProcessName;
  readonly pod: string | null;
  readonly tid: number;
  /** Its accepts within the window that failed for want of a descriptor. */
  readonly refused: readonly { readonly num: number; readonly error: string }[];
  /** Its accepts that succeeded within the window. */
  readonly accepted: number;
}

/** null: nobody on this node, as far as the recording shows. */
export function listenerOf(
  analysis: Analysis,
  { remote, fds }: Pick<SocketPhase, 'remote' | 'fds'>,
  window: { readonly start: number; readonly end: number },
): Listener | null {
  const netns = analysis.dims.fds.get(fds[0] ?? 0)?.netns ?? 0;
  const rows = listeningRows(analysis, remote, netns);
  if (rows.size === 0) return null;
  const all = descriptorEvents(analysis.capture, rows, { from: 0, to: window.end }).filter(({ pid }) => pid !== 0);
  const events = isPath(remote) ? all.filter(listens) : all; // a Unix socket's name is on both of its ends
  const holder = events.findLast((event) => callKind(event.type) !== 'other' || event.type.name === 'listen') ?? events.at(-1);
  if (holder === undefined) return null;
  const lifetime = analysis.lifetime(holder.pid);
  const accepts = acceptsOf(analysis, holder.pid, { from: window.start, to: window.end });
  const refused = accepts.flatMap(({ num, res }) => {
    const error = res !== null && res < 0 ? errnoName(-res) : '';
    return NO_DESCRIPTOR.has(error) ? [{ num, error }] : [];
  });
  const accepted = accepts.filter(({ res }) => res !== null && res >= 0).length;
  return { process: lifetime?.name ?? { pid: holder.pid, comm: '' }, pod: lifetime?.pod ?? null, tid: holder.tid, refused, accepted };
}

function listens({ type }: Ev): boolean {
  return type.name === 'bind' || type.name === 'listen' || callKind(type) === 'accept';
}

function acceptsOf(analysis: Analysis, pid: number, { from, to }: Window): Ev[] {
  return analysis.events(pid).filter((event) => callKind(event.type) === 'accept' && event.end >= from && event.start <= to);
}

/** Rows of listening sockets for an address, in the same network namespace where both are known. */
function listeningRows(analysis: Analysis, remote: string, netns: number): Set<number> {
  const found = new Set<number>();
  const port = remote.slice(remote.lastIndexOf(':') + 1);
  for (const fd of analysis.dims.fds.all()) {
    const here = netns === 0 || fd.netns === 0 || fd.netns === netns;
    const same = isPath(remote) ? fd.name === remote : fd.role === 'listen' && `${fd.localPort}` === port && here;
    if (same) found.add(fd.id);
  }
  return found;
}

/** Who had an address when it was asked for; null: nobody in the recording. */
export function listenerAt(
  analysis: Analysis,
  address: string,
  { fd, pid, time }: { readonly fd: number; readonly pid: number; readonly time: number },
): ProcessName | null {
  const netns = analysis.dims.fds.get(fd)?.netns ?? 0;
  const rows = listeningRows(analysis, address, netns);
  if (rows.size === 0) return null;
  const user = descriptorEvents(analysis.capture, rows, { from: 0, to: time }).findLast((event) => event.pid !== 0 && event.pid !== pid);
  return user === undefined ? null : (analysis.lifetime(user.pid)?.name ?? null);
}

/** Who listens on the same port of another address in the same network namespace; null: nobody in the recording. */
export function listenerElsewhere(
  analysis: Analysis,
  remote: string,
  fd: number,
): { readonly server: ProcessName; readonly address: string } | null {
  const netns = analysis.dims.fds.get(fd)?.netns ?? 0;
  const rows = listeningRows(analysis, remote, netns);
  for (const row of rows) {
    const address = localText(analysis.dims.fds.get(row)!);
    const user = descriptorEvents(analysis.capture, new Set([row]), { from: 0, to: Infinity }).findLast(({ pid }) => pid !== 0);
    const lifetime = user === undefined ? null : analysis.lifetime(user.pid);
    if (address !== '' && address !== remote && lifetime !== null) return { server: lifetime.name, address };
  }
  return null;
}
