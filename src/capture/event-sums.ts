/** Rows, as a chunk has them. */
export type SumKey = 'type' | 'thread' | 'fd';

/** Events that have some of type, thread and descriptor in common (the others are 0), as sums: what a store can add up without knowing what they mean. */
export interface EventSums extends Readonly<Record<SumKey, number>> {
  readonly events: number;
  /** Bytes that calls moved. */
  readonly bytes: number;
  /** ns that calls took. */
  readonly spent: number;
  /** Calls that failed. */
  readonly errors: number;
  /** Calls of which it is known how long they took, and the shortest and the longest, ns. */
  readonly measured: number;
  readonly shortest: number;
  readonly longest: number;
  /** Times of the first and of the last in the order of their numbers, and the earliest and latest; ns since the capture's start. */
  readonly first: number;
  readonly last: number;
  readonly earliest: number;
  readonly latest: number;
}

export type SumName = Exclude<keyof EventSums, SumKey>;
