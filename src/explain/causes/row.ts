/** What a row of the catalogue of causes says, and the shapes of facts that many causes share. */
import type { Hidden } from '../../capture/blind-spot-kinds.ts';
import type { ProcessName } from '../story.ts';

/** Somebody who waited. `to`: an address, a path, a name. `waited`: ns. */
export interface Waited {
  readonly owner: ProcessName;
  readonly to: string;
  readonly waited: number;
}

/** A wait for a connection. `never`: it did not come. */
export interface Connecting extends Waited {
  readonly never: boolean;
}

/** A wait for an answer on a connection. */
export interface Asking extends Waited {
  readonly asked: 'answer' | 'TLS handshake';
  readonly never: boolean;
  /** How many answers the time is made of; 1: one, or a few. What the server did is known of the longest. */
  readonly answers: number;
}

/** The same where the other side is on this node. `late`: ns until it had read the request; null: it did not. */
export interface Serving extends Asking {
  readonly server: ProcessName;
  readonly late: number | null;
  /** What it spent the most of the time on, for how many ns; empty: the kind says all. */
  readonly work: string;
  readonly spent: number;
}

/** A call that failed. `times`: how often in a row. `exit`: with what its process ended afterwards; null: it went on. */
export interface Failed {
  readonly owner: ProcessName;
  readonly call: string;
  /** errno's name. */
  readonly error: string;
  /** A path or an address; empty: not known. */
  readonly what: string;
  readonly times: number;
  readonly exit: number | null;
}

/** A process that ended. `signal`: 0 where it ended by itself. `by`: who sent it; null: not recorded. */
export interface Ended {
  readonly owner: ProcessName;
  readonly exit: number;
  readonly signal: number;
  readonly by: ProcessName | null;
  /** ns from a SIGTERM that it took no notice of until it was killed; null: none was sent. */
  readonly told: number | null;
  /** ns that it computed, where that is most of its life; else 0. */
  readonly computed: number;
  /** The call in which it was when it was ended, and since how many ns; null: in none, or not known. */
  readonly doing: { readonly call: string; readonly what: string; readonly waited: number } | null;
  /** What it wrote last to its standard error; empty: nothing. */
  readonly said: string;
}

/** A cause that can be named. `Facts`: what is known of it where it is found, for its sentence (src/output/sentences.ts). */
export interface CatalogRow<Facts = unknown> {
  readonly title: string;
  /** 0 to 1: how sure the cause is when nothing speaks against it. */
  readonly confidence: number;
  /** Best first; a rule may know better ones. */
  readonly fixes: readonly string[];
  /** A command or a look that would confirm it. */
  readonly confirm: string;
  /** What would have to be seen for the sentence to be sure. */
  readonly needs: readonly Hidden[];
  /** Never there: it carries the type alone. */
  readonly facts?: Facts;
}

export function row<Facts>(
  title: string,
  confidence: number,
  confirm: string,
  fixes: readonly string[],
  needs: readonly Hidden[] = [],
): CatalogRow<Facts> {
  return { title, confidence, confirm, fixes, needs };
}

/** Silence may be a lost packet, or a full queue. */
export const PACKETS: readonly Hidden[] = ['retransmits', 'dropped-packets', 'accept-queues'];
/** What looks like computing may be waiting. */
export const WAITS: readonly Hidden[] = ['waits', 'latency'];
export const DISK: readonly Hidden[] = ['file-io', 'file-names'];
export const NETWORK_FIXES = [
  'find where the packets get lost: record on the server’s node, too',
  'check network policies, security groups and routes on the way',
];
export const DISK_FIXES = ['look at the disk: its own latency, and who else writes to it', 'sync less often'];
