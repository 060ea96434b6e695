/** Datagrams that were not answered, or late. Names that are asked for have rules of their own. */
import { isIpSocket } from '../../model/fd-name.ts';
import type { Analysis } from '../analysis.ts';
import { localText, remoteText } from '../descriptors.ts';
import { descriptorEvents } from '../process-events.ts';
import type { Phase, ProcessName, SocketPhase } from '../story.ts';
import { cause, evidence, type Facts, type Found, isOf, type Rule } from './cause.ts';
import { drops, ownerOf } from './names.ts';
import { NETWORK_FIXES, PACKETS, row, type Waited } from './row.ts';

/** `times`: so many were sent. `never`: nothing came back. `reasons`: the kernel's, for dropping it. `holder`: who has that port on this node; `read`: it read the datagram. */
type Datagram = Waited & {
  readonly times: number;
  readonly never: boolean;
  readonly error: string;
  readonly reasons: readonly string[];
  readonly holder: ProcessName | null;
  readonly read: boolean;
};

// biome-ignore format: a table
export const DATAGRAM_CAUSES = {
  'datagram-unanswered': row<Datagram>('A datagram without an answer', 0.8, 'ss -lun on the server: is the port there?', ['check that the server runs, listens on that UDP port, and answers', ...NETWORK_FIXES], PACKETS),
  'datagram-slow': row<Datagram>('A late answer to a datagram', 0.6, 'record on the server’s node, too', ['look at what the server does between question and answer']),
};

export const datagramRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('datagram'))
    .filter(({ duration, socket }) => duration >= facts.floor && socket !== null)
    .map((phase) => found(phase, phase.socket!, facts));

function found(phase: Phase, socket: SocketPhase, { analysis, process, lost }: Facts): Found {
  const dropped = drops(socket.trouble.filter(({ tuple }) => tuple.endsWith(`->${socket.remote}`)));
  const held = boundAt(analysis, socket, phase);
  const never = socket.outcome !== 'answered' && lost === 0;
  const owner = ownerOf(phase, process);
  const facts = {
    owner,
    to: phase.what,
    waited: phase.duration,
    times: analysis
      .socketWaits(owner.pid)
      .filter(
        ({ kind, socket: { remote }, end, start }) =>
          kind === 'datagram' && remote === phase.what && end > phase.start && start < phase.end,
      ).length,
    never,
    error: socket.error ?? '',
    reasons: [...new Set(dropped.map(({ reason }) => reason))],
    holder: held?.process ?? null,
    read: held?.read !== undefined,
  };
  const nums = [...evidence([phase]), held?.read ?? 0, ...dropped.map(({ num }) => num)];
  const sure = dropped.length > 0 || held !== null ? { confidence: 0.9 } : {};
  return cause(never ? 'datagram-unanswered' : 'datagram-slow', facts, { cost: phase.duration, nums, ...sure });
}

/** Who has the port that was asked; `read`: the event by which it read what came from there. null: nobody in the recording. */
function boundAt(
  analysis: Analysis,
  socket: SocketPhase,
  phase: Phase,
): { readonly process: ProcessName; readonly read: number | undefined } | null {
  const own = analysis.dims.fds.get(socket.fds[0] ?? 0);
  const port = socket.remote.slice(socket.remote.lastIndexOf(':') + 1);
  const rows = new Set<number>();
  for (const fd of analysis.dims.fds.all())
    if (fd.role === 'server' && isIpSocket(fd) && fd.l4proto === own?.l4proto && `${fd.localPort}` === port && fd.netns === own.netns)
      rows.add(fd.id);
  const events = descriptorEvents(analysis.capture, rows, { from: 0, to: phase.end }).filter(({ pid }) => pid !== 0);
  const lifetime = analysis.lifetime(events.at(-1)?.pid ?? 0);
  if (lifetime === null) return null;
  const ownPort = localText(own!).split(':').at(-1);
  const from = (id: number) => remoteText(analysis.dims.fds.get(id)!).split(':').at(-1);
  const read = events.find(({ type, res, end, fd }) => type.io === 'read' && (res ?? 0) > 0 && end >= phase.start && from(fd) === ownPort);
  return { process: lifetime.name, read: read?.num };
}
