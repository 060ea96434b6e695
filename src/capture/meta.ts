/** What a capture says of itself. Numbers above 2^53 are decimal text. */
export interface CaptureMeta {
  /** ns since 1970 at which its time is zero. */
  readonly epoch: string;
  /** trowel or scap. */
  readonly source: string;
  readonly version: string;
  readonly hostname: string;
  /** Of a capture of several nodes, as JSON: their names; processes of the k-th have k * PID_OFFSET (src/model/nodes.ts) added. */
  readonly nodes: string;
  /** Of a capture made of several, as JSON: them, as `MemberOf[]` (src/capture/members.ts). */
  readonly members: string;
  /** Of the same, as JSON: connections whose ends their addresses do not join, [client's row of fd, server's, by what it was found]. */
  readonly ends: string;
  readonly kernel: string;
  readonly machine: string;
  readonly cpus: string;
  readonly snaplen: string;
  /** `off`: how long calls take was not measured. */
  readonly latency: 'on' | 'off';
  /** What was asked for at recording; empty: everything. */
  readonly filter: string;
  /**
   * `recording`: nobody closed it, it is being recorded or its recorder was killed. `broke off`: closed, but the probe's stream ended
   * without a goodbye: from `end` on, and a little before, an unknown number of events is missing. `complete`: to its end.
   */
  readonly state: 'recording' | 'broke off' | 'complete';
  /** Why it broke off, as far as is known; absent: it did not. */
  readonly broke: string;
  /** ns at which the file begins, where events before it are in other files; absent: 0. */
  readonly begin: string;
  /** The number of the last event that was stored; absent: it was not closed, or by an older version. */
  readonly last: string;
  /** ns: the capture's end, where known. */
  readonly end: string;
  /** How it was made. */
  readonly command: string;
  /** pid of the command behind `--` that the recording was made for; absent: there was none. */
  readonly command_pid: string;
  /** Which kernel hook the probe used. */
  readonly hook: string;
  /** The effects of what was missing, a line each; of an import, what was wrong with the file. */
  readonly notes: string;
  /** What the probe could not see, as JSON: [{ id, effect, reason, errno }]; native/feature.c has the ids. */
  readonly missing: string;
  /** Of an import, or of what was salvaged, as JSON (`Damage`): why it is not all of its file; absent: it is. */
  readonly damage: string;
  /** Of an import, as JSON (`LeftOut[]`): what of its file is more than is kept; absent: nothing. */
  readonly left_out: string;
  /** What of the node's network could not be read, as JSON: [{ id, reason }]; absent: it was not looked at. */
  readonly nodeMissing: string;
  /** The network namespace that was taken for the node's, where one was chosen. */
  readonly netns: string;
  /** What was wrong with where names of pods came from; absent: nothing. */
  readonly names: string;
  /** What was not asked for; absent: it was, or an older recorder does not say. */
  readonly net: 'off';
  readonly k8s: 'off';
  /** ns from which on waits were recorded. */
  readonly wait_over: string;
  /** In words: the cgroups or processes that the recording was restricted to; absent: it was not. */
  readonly only: string;
  /** Of what the flight recorder saved, as JSON: why, [{ trigger, time, num }]. */
  readonly saved: string;
  /** What recording it cost the node, as JSON (`OwnCost`). */
  readonly cost: string;
  /** JSON of what each of the probe’s programs cost in the kernel, the dearest first; absent: not counted. */
  readonly programs: string;
  /** Why the process that stored it stayed root under sudo; absent: it did not, or nobody used sudo. */
  readonly root: string;
  /** What was taken out before it was stored, as JSON: { payloads, arguments, commands, environments, names }; absent: nothing was looked for. */
  readonly redacted: string;
  /** `none`: users and groups of the node are not known. `cut`: only the first of them are. */
  readonly users: 'none' | 'cut';
}

/** Names of the nodes whose processes a capture has; empty: it does not say. */
export function nodesOf({ nodes, hostname = '' }: Partial<CaptureMeta>): readonly string[] {
  const list = parsed(nodes);
  if (Array.isArray(list) && list.every((name) => typeof name === 'string')) return list;
  return hostname === '' ? [] : [hostname];
}

/** A file that could be read only to some point or, of our own files, but for some pieces. */
export interface Damage {
  readonly reason: string;
  /** `rest`: what is missing lies in between. */
  readonly kept: 'before' | 'rest';
}

const KEPT = { before: 'what comes before', rest: 'the rest' } as const;

/** Such as `unexpected end of file; what comes before is read`. */
export function damageText({ reason, kept }: Damage, is: 'is read' | 'is here'): string {
  return `${reason}; ${KEPT[kept]} ${is}`;
}

/** Things of a kind that a file has more of than are kept. */
export interface LeftOut {
  /** Such as `threads`. */
  readonly kind: string;
  /** How many are not kept. */
  readonly count: number;
  /** How many of them are kept, at most. */
  readonly limit: number;
}

/** What of a file its capture does not have. */
export interface ImportGaps {
  readonly damage: Damage | null;
  readonly leftOut: readonly LeftOut[];
}

/** Of a capture's meta data, in which anything may stand. */
export function importGaps({ damage, left_out }: Partial<CaptureMeta>): ImportGaps {
  const found = parsed(damage);
  const list = parsed(left_out);
  return {
    damage:
      isRecord(found) && typeof found.reason === 'string'
        ? { reason: found.reason, kept: found.kept === 'rest' ? 'rest' : 'before' }
        : null,
    leftOut: Array.isArray(list) ? list.filter(isLeftOut) : [],
  };
}

export function leftOutText(leftOut: readonly LeftOut[]): string {
  return leftOut.map(({ kind, count, limit }) => `${count} ${kind} (the limit is ${limit})`).join(', ');
}

function isLeftOut(value: unknown): value is LeftOut {
  return isRecord(value) && typeof value.kind === 'string' && typeof value.count === 'number' && typeof value.limit === 'number';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined: not there, or no JSON. */
function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
