/**
 * What a file may make us keep. No machine that was ever recorded comes near; a file that was made to does. What is more is
 * left out, counted and told: the events are read all the same.
 */
import type { DimensionTables } from '../model/rows.ts';
import { ScapDamage } from './blocks.ts';

export const LIMITS = {
  /** At one time. The kernel's own limit is 4 million. */
  threads: 1 << 18,
  /** Of all processes, at one time. */
  descriptors: 1 << 20,
  users: 1 << 16,
  groups: 1 << 16,
  addresses: 1 << 14,
  /** Sizes of threads, as they changed. */
  sizes: 1 << 20,
  /** Texts about containers and Kubernetes objects, by their bytes. */
  'longer texts': 1 << 23,
  /** Calls that never return. */
  'open calls': 1 << 20,
} as const;

export type Limit = keyof typeof LIMITS;

/** Rows of all kinds but sizes, and bytes of text in them. Behind them reading ends: 60 million ordinary events have as many. */
const MAX_ROWS = 1 << 20;
const MAX_TEXT = 1 << 29;

/** Things of a kind that were left out. */
export interface LeftOut {
  readonly kind: Limit;
  readonly count: number;
  readonly limit: number;
}

export class Limits {
  /** Bytes of text that rows hold. */
  text = 0;
  readonly #lists = new WeakSet<object>();
  readonly #left = new Map<Limit, number>();

  /** True: there is room for one more. False: it is left out, and counted. */
  allow(what: Limit, before: number): boolean {
    if (before < LIMITS[what]) return true;
    this.#left.set(what, (this.#left.get(what) ?? 0) + 1);
    return false;
  }

  /** Whether a list is looked at for the first time. */
  isFirst(list: object): boolean {
    if (this.#lists.has(list)) return false;
    this.#lists.add(list);
    return true;
  }

  /** Throws ScapDamage when the file has more than is kept in memory. */
  check({ threadStats: _, ...tables }: DimensionTables): void {
    let rows = 0;
    for (const table of Object.values(tables)) rows += table.size;
    if (rows > MAX_ROWS) throw new ScapDamage(`it tells of more than ${MAX_ROWS} threads, processes, descriptors and messages`);
    if (this.text > MAX_TEXT) throw new ScapDamage(`its programs and files have names and arguments of more than ${MAX_TEXT >> 20} MB`);
  }

  get leftOut(): LeftOut[] {
    return Array.from(this.#left, ([kind, count]) => ({ kind, count, limit: LIMITS[kind] }));
  }
}
