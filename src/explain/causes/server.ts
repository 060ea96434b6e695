/** Answers that came late: who was slow, and with what. */
import { spanText } from '../../model/time.ts';
import type { Cause, Kind, Peer, Phase, SocketPhase } from '../story.ts';
import { evidence, type Facts, isOf } from './cause.ts';
import { drops, list, ownerText, processText, reasonText } from './names.ts';

export function judgeServer(facts: Facts): Cause[] {
  return facts.phases
    .filter(isOf('server', 'tls'))
    .filter(({ duration, socket }) => duration >= facts.floor && socket !== null)
    .map((phase) => judge(phase, phase.socket!, facts));
}

function judge(phase: Phase, socket: SocketPhase, facts: Facts): Cause {
  const owner = ownerText(phase, facts.process);
  const never = socket.outcome === 'given up' || socket.outcome === 'open';
  const what = phase.kind === 'tls' ? 'TLS handshake' : 'answer';
  const took = never
    ? `got no ${what} from ${phase.what} in ${spanText(phase.duration)}`
    : `waited ${spanText(phase.duration)} for the ${what} of ${phase.what}`;
  const nums = [...new Set([...evidence([phase]), ...(socket.peer?.nums ?? []), ...socket.trouble.map(({ num }) => num)])].sort(
    (a, b) => a - b,
  );
  const base = { cost: phase.duration, nums };
  const network = networkCause(socket, `${owner} ${took}`);
  if (network !== null) return { ...base, ...network };
  if (socket.error !== null || socket.closed) {
    const how = socket.error === null ? 'closed the connection without one' : `broke the connection off (${socket.error})`;
    return { ...base, id: 'server-closed', sentence: `${owner} ${took}, which then ${how}.`, fixes: ['look at the log of the server'] };
  }
  const { peer } = socket;
  if (peer !== null) return { ...base, ...peerCause(peer, phase, `${owner} ${took}`) };
  const id = phase.kind === 'tls' ? 'tls-slow' : never ? 'server-silent' : 'server-slow';
  return {
    ...base,
    id,
    sentence: `${owner} ${took}; the server is not on this node, so what it did is not in the capture.`,
    fixes: ['record on the server’s node, too'],
  };
}

type Judgement = Pick<Cause, 'id' | 'sentence' | 'fixes'>;

function networkCause({ trouble }: SocketPhase, took: string): Judgement | null {
  const dropped = drops(trouble);
  if (dropped.some(({ reason }) => reason === 'PKT_TOO_BIG')) {
    const fixes = [
      'set the MTU of the pod network to what the smallest link carries',
      'let ICMP “fragmentation needed” through, or clamp the TCP segment size',
    ];
    return {
      id: 'mtu-black-hole',
      sentence: `${took}: large packets are dropped by ${reasonText('PKT_TOO_BIG')}, and the sender is not told.`,
      fixes,
    };
  }
  const again = trouble.filter(({ type }) => type === 'tcp_retransmit').length;
  if (again < 2) return null;
  const reasons = [...new Set(dropped.map(({ reason }) => reason))];
  const why = reasons.length === 0 ? '' : `, dropped by ${list(reasons.map(reasonText))}`;
  return {
    id: 'packets-lost',
    sentence: `${took}: packets get lost${why} and were sent again ${again} times.`,
    fixes: ['find where the packets get lost: record on both nodes'],
  };
}

/** By what the server spent most of the wait on: how the sentence goes on, and what to do. */
const PEER_CAUSES: Readonly<Partial<Record<Kind, readonly [id: string, text: (phase: Phase) => string, fix: string]>>> = {
  sleep: ['server-sleeps', () => 'slept', 'remove the sleep, or the retry back-off, in the server'],
  poll: ['server-polls', () => 'waited with a timer of its own', 'remove the polling, or the retry back-off, in the server'],
  dns: ['server-waits-for-dns', ({ what }) => `looked up ${what}`, 'repair the server’s name resolution: trowel dns shows its lookups'],
  connect: ['server-waits-for-connect', ({ what }) => `waited for its connection to ${what}`, 'look at that upstream'],
  server: ['server-waits-for-server', ({ what }) => `waited for ${what}`, 'look at that upstream: explain --pid shows more'],
  tls: ['server-waits-for-server', ({ what }) => `waited for the TLS handshake of ${what}`, 'look at that upstream'],
  file: ['server-waits-for-disk', ({ what }) => `read and wrote ${what}`, 'look at the disk'],
  sync: ['server-waits-for-disk', ({ what }) => `waited for the disk to have ${what}`, 'look at the disk, or sync less often'],
  lock: ['server-waits-for-lock', ({ what }) => `waited for a lock${what === '' ? '' : ` on ${what}`}`, 'find who holds the lock'],
  wait: [
    'server-waits-for-process',
    ({ what }) => `waited for ${what === '' ? 'another of its threads' : what}`,
    'explain --pid shows more',
  ],
  cpu: ['server-computes', () => 'computed', 'profile the server: its CPU time, or too small a CPU limit'],
};

function peerCause(peer: Peer, phase: Phase, took: string): Judgement {
  const server = processText(peer.process);
  const work = [...peer.phases].sort((a, b) => b.duration - a.duration)[0];
  if (peer.received === null || peer.received - phase.start > phase.duration / 2) {
    const busy = work === undefined || work.kind === 'idle' ? '' : `; it ${PEER_CAUSES[work.kind]?.[1](work) ?? 'was busy'} meanwhile`;
    const when =
      peer.received === null ? 'has not read the request' : `read the request only after ${spanText(peer.received - phase.start)}`;
    return {
      id: 'server-busy',
      sentence: `${took}: ${server} ${when}${busy}.`,
      fixes: ['let the server take requests while it works on others: more workers or threads'],
    };
  }
  const known = work === undefined ? undefined : PEER_CAUSES[work.kind];
  if (work === undefined || known === undefined)
    return { id: 'server-slow', sentence: `${took}: ${server} had the request and did not answer.`, fixes: ['look at the server'] };
  const [id, text, fix] = known;
  const late = peer.received - phase.start;
  const after = late > phase.duration / 5 ? `, and had read the request only after ${spanText(late)}` : '';
  return { id, sentence: `${took}: ${server} ${text(work)} for ${spanText(work.duration)} of it${after}.`, fixes: [fix] };
}
