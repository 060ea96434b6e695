/** What `explain` finds: one stretch of one process' time, told in phases. All times are ns since the capture's start. */

import type { Hop } from '../dns/chain.ts';
import type { Attempt, Lookup } from '../dns/lookup.ts';
import type { DnsRow } from '../model/dns.ts';
import type { Dropped } from '../node/way.ts';
import type { CauseFacts, CauseId } from './catalog.ts';
import type { Origins } from './origins.ts';

/**
 * What a process spends its time on. `sync`: for the disk to have it; `fifo`: until somebody opens a pipe’s other end; `wait`: for another
 * process or thread of which no more is known.
 */
export const KINDS = [
  'dns',
  'connect',
  'tls',
  'server',
  'datagram',
  'file',
  'fifo',
  'sync',
  'lock',
  'retry',
  'sleep',
  'poll',
  'wait',
  'idle',
  'cpu',
] as const;
export type Kind = (typeof KINDS)[number];

/** Part of the critical path: time that is of one kind and about one thing. */
export interface Phase {
  readonly kind: Kind;
  /** What was waited for: a name, an address, a path; empty where the kind says all. */
  readonly what: string;
  /** First and last moment. */
  start: number;
  end: number;
  /** ns of the critical path that it took: less than end - start where it came and went. */
  duration: number;
  /** Numbers of the first and the last event that show it, and how many do. */
  first: number;
  last: number;
  count: number;
  /** The process in which it was, where that is another than the story's. */
  readonly process: ProcessName | null;
  readonly dns: DnsPhase | null;
  readonly socket: SocketPhase | null;
}

export interface ProcessName {
  readonly pid: number;
  readonly comm: string;
}

/** One name that was tried. */
export interface DnsPhase {
  readonly lookup: Lookup;
  readonly attempt: Attempt;
  /** Each sending of the question, and how long until the next or the end. */
  readonly tries: readonly { readonly start: number; readonly duration: number }[];
  /** What the server did with it, where it is on this node; one per question that was sent. */
  readonly hops: readonly { readonly query: DnsRow; readonly hop: Hop }[];
}

/** What is known of the connection that was waited on. */
export interface SocketPhase {
  /** Rows of the descriptor. */
  readonly fds: readonly number[];
  readonly local: string;
  readonly remote: string;
  /** errno's name where it failed. */
  readonly error: string | null;
  /** The peer closed it without an answer. */
  readonly closed: boolean;
  /** `given up`: the process did; `open`: the capture ended first. */
  readonly outcome: 'answered' | 'closed' | 'failed' | 'given up' | 'open';
  /** Where the phase is made of several waits on the connection, the longest of them: the one to explain. */
  readonly longest?: { readonly start: number; readonly end: number; readonly rest: boolean };
  /** The other end, where it was recorded. */
  readonly peer: Peer | null;
  /** What the kernel said of its packets. */
  readonly trouble: readonly Trouble[];
}

/** How the other end of a connection spent the wait. */
export interface Peer {
  readonly process: ProcessName;
  /** `namespace/name` of its pod; null: in none, or not known. */
  readonly pod: string | null;
  /** Its node, in a capture of several; null: there is one. */
  readonly node: string | null;
  /** Its own address: behind a service's, another than the one connected to. */
  readonly address: string;
  /** When it had the request, and when it answered; null: not within the wait. */
  readonly received: number | null;
  readonly answered: number | null;
  /** What it had to send was written before the wait began, or blocked since: the process could have read on. */
  readonly ready: boolean;
  /** When it closed the connection itself; null: not around the wait. */
  readonly closed: number | null;
  /** Events that show it. */
  readonly nums: readonly number[];
  /** What it did from the one to the other. */
  readonly phases: readonly Phase[];
}

/** A kernel event about a connection's packets. */
export interface Trouble {
  readonly num: number;
  readonly time: number;
  /** tcp_retransmit, packet_drop … */
  readonly type: string;
  /** The kernel's reason for dropping. */
  readonly reason: string;
  readonly tuple: string;
  /** Of a dropped packet; absent: it is none. */
  readonly dropped?: Dropped;
}

/** What a failed call was about. `lost`: a connection that broke; `http`: an answer that says no; `tls`: a handshake broken off. */
export type FailureKind =
  | 'connect'
  | 'lookup'
  | 'bind'
  | 'program'
  | 'file'
  | 'descriptors'
  | 'inotify'
  | 'process'
  | 'lost'
  | 'http'
  | 'tls'
  | 'nameserver'
  | 'lock'
  | 'ended';

/** A call that failed and that nothing made good, or a process that ended badly. */
export interface Failure {
  readonly kind: FailureKind;
  readonly pid: number;
  /** Of its first and its last occurrence. */
  readonly num: number;
  readonly last: number;
  readonly time: number;
  readonly call: string;
  /** ECONNREFUSED …; of an answer its status; of a lookup its result. */
  readonly error: string;
  readonly what: string;
  /** Row of the descriptor; 0: none. */
  readonly fd: number;
  readonly socket: SocketPhase | null;
  readonly times: number;
  /** What is known beside: an interpreter, the request that was answered. */
  readonly detail: string;
  /** ns for which the connection had been idle, or that were slept between the tries. */
  readonly span: number;
}

interface CauseBase {
  /** ns that it cost; 0: it failed at once. */
  readonly cost: number;
  /** Best first. */
  readonly fixes: readonly string[];
  /** Numbers of the events that show it. */
  readonly nums: readonly number[];
  /** 0 to 1: before losses and blind spots. */
  readonly confidence: number;
}

/** A cause that was found: what is known of it, of which the output writes a sentence, and what to do about it. */
export type Cause = { readonly [Id in CauseId]: CauseBase & { readonly id: Id; readonly facts: CauseFacts[Id] } }[CauseId];

/** With how sure it is. */
export type JudgedCause = Cause & { readonly sure: Confidence };

/** How sure a cause is, and what would make it surer. */
export interface Confidence {
  /** 0 to 1. */
  readonly value: number;
  /** Why it is not higher, in sentences. */
  readonly because: readonly string[];
  /** A command or a look that would confirm it; empty: none is known. */
  readonly confirm: string;
}

export interface Story {
  readonly process: ProcessName;
  /** `namespace/name` of its pod; null: in none, or not known. */
  readonly pod: string | null;
  /** The command line. */
  readonly command: string;
  readonly start: number;
  readonly end: number;
  /** Why these limits: `life` of the process, `request` that it answered, a single `wait`, or as `asked`. */
  readonly scope: 'life' | 'request' | 'wait' | 'asked';
  readonly phases: readonly Phase[];
  readonly failures: readonly Failure[];
  readonly lookups: readonly Lookup[];
  /** Dearest first. */
  readonly causes: readonly JudgedCause[];
  /** Of the first cause; null: there is none. */
  readonly confidence: Confidence | null;
  /** What could not be seen, in sentences. */
  readonly unseen: readonly string[];
  /** Its exit status, where it ended in the capture. */
  readonly exit: number | null;
  /** The signal that ended it; 0: none. */
  readonly signal: number;
  /** In a capture of several nodes: where the events came from that are named here. */
  readonly origins: Origins;
}
