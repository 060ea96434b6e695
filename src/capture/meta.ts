/** What a capture says of itself. Numbers above 2^53 are decimal text. */
export interface CaptureMeta {
  /** ns since 1970 at which its time is zero. */
  readonly epoch: string;
  /** trowel or scap. */
  readonly source: string;
  readonly version: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly machine: string;
  readonly cpus: string;
  readonly snaplen: string;
  /** What was asked for at recording; empty: everything. */
  readonly filter: string;
  /** `recording` until it was closed well. */
  readonly state: 'recording' | 'complete';
  /** ns: the capture's end, where known. */
  readonly end: string;
  /** How it was made. */
  readonly command: string;
  /** Which kernel hook the probe used, and what the kernel lacked. */
  readonly hook: string;
  readonly notes: string;
  /** Of an import, as JSON (`Damage`): why it is not all of its file; absent: it is. */
  readonly damage: string;
  /** Of an import, as JSON (`LeftOut[]`): what of its file is more than is kept; absent: nothing. */
  readonly left_out: string;
  /** What was wrong with where names of pods came from; absent: nothing. */
  readonly names: string;
}

/** A file that could be read only to some point. */
export interface Damage {
  readonly reason: string;
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
export interface Missing {
  readonly damage: Damage | null;
  readonly leftOut: readonly LeftOut[];
}

/** Of a capture's meta data, in which anything may stand. */
export function missingOf({ damage, left_out }: Partial<CaptureMeta>): Missing {
  const found = parsed(damage);
  const list = parsed(left_out);
  return {
    damage: isRecord(found) && typeof found.reason === 'string' ? { reason: found.reason } : null,
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
