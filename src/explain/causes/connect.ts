/** Connections that came late. */
import { isPath } from '../descriptors.ts';
import { listenerOf } from '../listener.ts';
import type { Phase, ProcessName, Trouble } from '../story.ts';
import { cause, evidence, type Facts, type Found, isOf, type Rule } from './cause.ts';
import { drops, ownerOf } from './names.ts';
import { type Connecting, NETWORK_FIXES, PACKETS, row } from './row.ts';
import { starved } from './starved.ts';
import { type Vanished, vanishedOf } from './vanished.ts';

type ConnectPacketsDropped = Connecting & { readonly reasons: readonly string[]; readonly tuple: string; readonly where: Vanished | null };

// biome-ignore format: a table
export const CONNECT_CAUSES = {
  'accept-queue-full': row<Connecting & { readonly server: ProcessName | null }>('A full accept queue', 0.95, 'ss -lnt on the server: Recv-Q above Send-Q', ['let the server accept faster: it is stuck, or has too few workers', 'raise its listen backlog and net.core.somaxconn']),
  'connect-packets-dropped': row<ConnectPacketsDropped>('Packets of a handshake dropped on this node', 0.9, 'nft list ruleset; conntrack -S', ['check the network policies and the firewall between the two', 'check that conntrack is not full (nf_conntrack_count, nf_conntrack_max)']),
  'connect-unanswered': row<Connecting & { readonly again: number }>('A handshake without an answer', 0.8, 'record on the server’s node: does the SYN arrive?', NETWORK_FIXES, PACKETS),
  'connect-packets-lost': row<Connecting & { readonly again: number }>('A handshake that had to be sent again', 0.8, 'record on the server’s node, too', NETWORK_FIXES, PACKETS),
  'connect-slow': row<Connecting>('A handshake that took long', 0.6, 'ping HOST', ['compare with the round trip time to that address'], PACKETS),
};

const LOST: ReadonlySet<string> = new Set(['connect_unanswered', 'tcp_retransmit']);
/** Connections that were asked for over and over are one story when they lie in one. */
export const connectRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('connect'))
    .filter(({ duration, socket }) => duration >= facts.floor && (socket?.error === null || duration >= facts.over))
    .map((phase) => late(phase, facts));

function late(phase: Phase, facts: Facts): Found {
  const { socket, duration } = phase;
  const trouble = socket?.trouble ?? [];
  const nums = [...evidence([phase]), ...trouble.map(({ num }) => num)];
  const unanswered = socket?.outcome !== 'answered';
  const never = unanswered && facts.lost === 0;
  const base = { owner: ownerOf(phase, facts.process), to: phase.what, waited: duration, never };
  const shown = { cost: duration, nums };
  if (isQueueFull(trouble) || isPath(phase.what)) {
    const listener = socket === null ? null : listenerOf(facts.analysis, socket, phase);
    const poor = listener === null ? null : starved(listener, base, shown);
    return poor ?? cause('accept-queue-full', { ...base, server: socket?.peer?.process ?? listener?.process ?? null }, shown);
  }
  const dropped = drops(trouble);
  if (dropped.length > 0) {
    const reasons = [...new Set(dropped.map(({ reason }) => reason))];
    const forwarding = dropped.some(({ reason }) => reason === 'IP_INADDRERRORS');
    const fixes = forwarding ? { fixes: ['let the node forward: sysctl -w net.ipv4.ip_forward=1'] } : {};
    const where = vanishedOf(facts.analysis, dropped);
    return cause('connect-packets-dropped', { ...base, reasons, tuple: dropped[0]!.tuple, where }, { ...shown, ...fixes });
  }
  const again = trouble.filter(({ type }) => LOST.has(type)).length;
  if (socket?.error === 'ETIMEDOUT') return cause('connect-unanswered', { ...base, never: true, again }, shown);
  if (unanswered) return cause('connect-unanswered', { ...base, again }, shown);
  return again > 0 ? cause('connect-packets-lost', { ...base, again }, shown) : cause('connect-slow', base, shown);
}

/** A full queue of a Unix socket is the only thing that lets connect wait. Else it tells itself, or by the reason for which the kernel drops what comes. */
function isQueueFull(trouble: readonly Trouble[]): boolean {
  return trouble.some(({ type, reason }) => type === 'accept_queue_full' || /OVERFLOW/.test(reason));
}
