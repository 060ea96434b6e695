/** Connections that came late. */
import { listenerOf } from '../listener.ts';
import type { Cause, Phase, Trouble } from '../story.ts';
import { cause, evidence, type Facts, isOf, type Rule } from './cause.ts';
import { drops, ownerOf, reasonText } from './names.ts';
import { starved } from './starved.ts';
import { vanishedText } from './vanished.ts';

const LOST: ReadonlySet<string> = new Set(['connect_unanswered', 'tcp_retransmit']);
/** Connections that were asked for over and over are one story when they lie in one. */
export const connectRule: Rule = (facts) =>
  facts.phases
    .filter(isOf('connect'))
    .filter(({ duration, socket }) => duration >= facts.floor && (socket?.error === null || duration >= facts.over))
    .map((phase) => late(phase, facts));

function late(phase: Phase, facts: Facts): Cause {
  const { socket, duration } = phase;
  const trouble = socket?.trouble ?? [];
  const nums = [...evidence([phase]), ...trouble.map(({ num }) => num)];
  const unanswered = socket?.outcome !== 'answered';
  const never = unanswered && facts.lost === 0;
  const base = { owner: ownerOf(phase, facts.process), to: phase.what, waited: duration, never };
  const shown = { cost: duration, nums };
  if (isQueueFull(trouble)) {
    const listener = socket === null ? null : listenerOf(facts.scene, socket, phase);
    const poor = listener === null ? null : starved(listener, base, shown);
    return poor ?? cause('accept-queue-full', { ...base, server: socket?.peer?.process ?? listener?.process ?? null }, shown);
  }
  const dropped = drops(trouble);
  if (dropped.length > 0) {
    const reasons = [...new Set(dropped.map(({ reason }) => reasonText(reason)))];
    const forwarding = dropped.some(({ reason }) => reason === 'IP_INADDRERRORS');
    const fixes = forwarding ? { fixes: ['let the node forward: sysctl -w net.ipv4.ip_forward=1'] } : {};
    const where = vanishedText(facts.scene, dropped);
    return cause('connect-packets-dropped', { ...base, reasons, tuple: dropped[0]!.tuple, where }, { ...shown, ...fixes });
  }
  const again = trouble.filter(({ type }) => LOST.has(type)).length;
  if (socket?.error === 'ETIMEDOUT') return cause('connect-unanswered', { ...base, never: true, again }, shown);
  if (unanswered) return cause('connect-unanswered', { ...base, again }, shown);
  return again > 0 ? cause('connect-packets-lost', { ...base, again }, shown) : cause('connect-slow', base, shown);
}

/** A full queue tells itself, or by the reason for which the kernel drops what comes. */
function isQueueFull(trouble: readonly Trouble[]): boolean {
  return trouble.some(({ type, reason }) => type === 'accept_queue_full' || /OVERFLOW/.test(reason));
}
