/**
 * Requests sent in parts: Nagle's algorithm keeps a small part back until the one before it is acknowledged, and the other side
 * acknowledges late (delayed ACK, 40 ms and more on Linux). Neither client nor server is slow then.
 */
import { otherEnds } from '../peer.ts';
import { descriptorEvents, type Ev } from '../process-events.ts';
import type { Phase, ProcessName, SocketPhase } from '../story.ts';
import { cause, type Facts, type Found, type Shown } from './cause.ts';
import { type Asking, row } from './row.ts';

/** `held`: ns that the last part of the longest wait's request was under way; `server`: who read it. */
type HeldBack = Asking & { readonly server: ProcessName; readonly held: number };

// biome-ignore format: a table
export const HELD_BACK_CAUSES = {
  'request-held-back': row<HeldBack>('A request held back (Nagle, delayed ACK)', 0.85, 'tcpdump -ttt -i any port PORT: the second segment leaves 40 ms after the first', ['let the client send a request in one write', 'set TCP_NODELAY on the client’s sockets']),
};

/** ns: what a delayed acknowledgement takes, with some room. */
const LEAST = 35e6;
const MOST = 250e6;
/** ns between the parts of one request. */
const TOGETHER = 10e6;

/** null: it was something else. */
export function heldBack({ what }: Phase, { longest, fds, local }: SocketPhase, asking: Asking, shown: Shown, facts: Facts): Found | null {
  if (longest === undefined || longest.end - longest.start < LEAST || !isInParts(fds, longest.start, asking.owner, facts)) return null;
  const around = { from: longest.start - TOGETHER, to: longest.end };
  const reads = descriptorEvents(facts.analysis.capture, otherEnds(facts.analysis, { fds, local }), around).filter(isRead);
  const early = reads.findLast(({ end }) => end < longest.start + TOGETHER);
  const late = reads.find(({ end }) => end >= longest.start + LEAST && end <= longest.start + MOST);
  if (early === undefined || late === undefined || late.pid !== early.pid || late.start > longest.start + TOGETHER) return null;
  const server = facts.analysis.lifetime(late.pid)?.name ?? { pid: late.pid, comm: '' };
  const held = late.end - longest.start;
  return cause('request-held-back', { ...asking, to: what, server, held }, { ...shown, nums: [...shown.nums, early.num, late.num] });
}

/** Whether the request whose last part was written at a time had a part before, with no answer between. */
function isInParts(fds: readonly number[], time: number, { pid }: ProcessName, { analysis }: Facts): boolean {
  const own = analysis.events(pid).filter(({ fd, end, type }) => fds.includes(fd) && end <= time && type.io !== null);
  const [before, last] = own.slice(-2);
  return last?.type.io === 'write' && before?.type.io === 'write' && last.start - before.end < TOGETHER;
}

function isRead({ type, res }: Ev): boolean {
  return type.io === 'read' && (res ?? 0) > 0;
}
