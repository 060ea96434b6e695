/** What can be asked for its events once, in their order: a file that passes by, and every capture. */
import type { Field } from '../event/fields/field.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { Dimensions } from '../model/rows.ts';
import { type CaptureMeta, type LeftOut, leftOutText } from './meta.ts';
import type { Match, Range } from './select.ts';

/** Which events are wanted, and what else is read of them. */
export interface Question {
  readonly filter: CompiledFilter;
  readonly range: Range;
  /** Fields that are read of the matching events, and those of the filter. */
  readonly fields: readonly Field[];
  /** DNS messages are shown, though no field is one of theirs. */
  readonly dns: boolean;
}

/** How much of it was read. */
export interface Outcome {
  /** Why reading ended before it did; null: it did not. */
  readonly cut: string | null;
  /** What of it is more than is kept; null: nothing. */
  readonly leftOut: string | null;
}

/** `leftOut`: what there is more of than is kept. */
export function outcomeOf(cut: string | null, leftOut: readonly LeftOut[]): Outcome {
  return { cut, leftOut: leftOut.length === 0 ? null : `left out: ${leftOutText(leftOut)}` };
}

export const ALL_READ: Outcome = { cut: null, leftOut: null };

export interface EventStream {
  /** As the user named it. */
  readonly path: string;
  /** Rows may come with the events. */
  readonly dims: Dimensions;
  readonly meta: Readonly<Partial<CaptureMeta>>;
  /** ns since 1970 of time zero. */
  readonly epoch: bigint;
  /** Names of event types that may yet come; absent: those in `dims` are all. */
  readonly typeNames?: ReadonlySet<string>;
  /** Whether the values of these fields can be told while its events pass by. */
  answers(fields: readonly Field[]): boolean;
  /** Gives the matching events in order, until `onMatch` says false: that is enough. To be asked once, where it is no capture. */
  read(question: Question, onMatch: (match: Match) => boolean): Promise<Outcome>;
  close(): void;
}
