/** Connections that came late, or not at all. */
import { spanText } from '../../model/time.ts';
import type { Cause, Failure, Phase, Trouble } from '../story.ts';
import { evidence, type Facts, isOf } from './cause.ts';
import { drops, list, ownerText, processText, reasonText } from './names.ts';

const LOST: ReadonlySet<string> = new Set(['connect_unanswered', 'tcp_retransmit']);

export function judgeConnect(facts: Facts): Cause[] {
  const slow = facts.phases.filter(isOf('connect')).filter(({ duration, socket }) => duration >= facts.floor && socket?.error === null);
  return [
    ...slow.map((phase) => late(phase, facts)),
    ...facts.failures.filter(({ call }) => call === 'connect').map((failure) => refused(failure, facts)),
  ];
}

function late(phase: Phase, facts: Facts): Cause {
  const { socket, what, duration } = phase;
  const owner = ownerText(phase, facts.process);
  const trouble = socket?.trouble ?? [];
  const nums = [...evidence([phase]), ...trouble.map(({ num }) => num)].sort((a, b) => a - b);
  const base = { cost: duration, nums };
  const never = socket?.outcome !== 'answered';
  const took = never
    ? `could not connect to ${what}: nothing came back in ${spanText(duration)}`
    : `waited ${spanText(duration)} for its connection to ${what}`;
  if (isQueueFull(trouble)) {
    const who = socket?.peer === null || socket?.peer === undefined ? 'the server' : processText(socket.peer.process);
    const sentence = `${owner} ${took}: the accept queue of ${who} is full, so the kernel dropped the handshake.`;
    return {
      ...base,
      id: 'accept-queue-full',
      sentence,
      fixes: ['let the server accept faster: it is stuck, or has too few workers', 'raise its listen backlog and net.core.somaxconn'],
    };
  }
  const reasons = [...new Set(drops(trouble).map(({ reason }) => reason))];
  if (reasons.length > 0) {
    const sentence = `${owner} ${took}: packets were dropped by ${list(reasons.map(reasonText))}.`;
    return {
      ...base,
      id: 'connect-packets-dropped',
      sentence,
      fixes: [
        'check the network policies and the firewall between the two',
        'check that conntrack is not full (nf_conntrack_count, nf_conntrack_max)',
      ],
    };
  }
  const again = trouble.filter(({ type }) => LOST.has(type)).length;
  if (again > 0 || never) {
    const sentence = `${owner} ${took}: its first packet (SYN) was not answered${again > 0 ? ' and had to be sent again' : ''}.`;
    return {
      ...base,
      id: never ? 'connect-unanswered' : 'connect-packets-lost',
      sentence,
      fixes: [
        'find where the packets get lost: record on the server’s node, too',
        'check network policies, security groups and routes on the way',
      ],
    };
  }
  const sentence = `${owner} ${took}: the other side took that long to accept, or is that far away.`;
  return { ...base, id: 'connect-slow', sentence, fixes: ['compare with the round trip time to that address'] };
}

/** A full queue tells itself, or by the reason for which the kernel drops what comes. */
function isQueueFull(trouble: readonly Trouble[]): boolean {
  return trouble.some(({ type, reason }) => type === 'accept_queue_full' || /LISTEN_OVERFLOW|OVERFLOW|LISTENOVERFLOWS/.test(reason));
}

const ERRORS: Readonly<Record<string, readonly [id: string, text: string, fixes: readonly string[]]>> = {
  ECONNREFUSED: [
    'connect-refused',
    'refused the connection',
    ['check that the server runs and listens on that port', 'of a service: check that it has endpoints and the right targetPort'],
  ],
  EHOSTUNREACH: [
    'connect-unreachable',
    'cannot be reached (no route to the host)',
    ['check the routes and that kube-proxy runs on this node'],
  ],
  ENETUNREACH: ['connect-unreachable', 'cannot be reached (no route to the network)', ['check the routes of the pod and the node']],
  ETIMEDOUT: ['connect-unanswered', 'never answered', ['check network policies, security groups and routes on the way']],
  EACCES: ['connect-forbidden', 'must not be connected to (EACCES)', ['check the packet filter and the security policy of the pod']],
  EPERM: ['connect-forbidden', 'must not be connected to (EPERM)', ['check the packet filter and the security policy of the pod']],
};

function refused(failure: Failure, facts: Facts): Cause {
  const [id, text, fixes] = ERRORS[failure.error] ?? ['connect-failed', `could not be connected to (${failure.error})`, []];
  const trouble = failure.socket?.trouble ?? [];
  const filtered =
    drops(trouble).some(({ reason }) => reason === 'NETFILTER_DROP') && !trouble.some(({ type }) => type.startsWith('tcp_reset'));
  const detail =
    id !== 'connect-refused'
      ? ''
      : filtered
        ? ': a packet filter rejects it, as kube-proxy does for a service without endpoints'
        : ': nobody listens there';
  const sentence = `${processText(facts.process)} failed, since ${failure.what} ${text}${detail}.`;
  return { id, sentence, cost: 0, nums: [failure.num, ...trouble.map(({ num }) => num)].sort((a, b) => a - b), fixes };
}
