/** A lens: a named question to a capture. One line of index.ts each. */

import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';

export type Unit = 'count' | 'bytes' | 'ns' | 'text';

export interface LensColumn {
  /** A field of the filter language, or the name of a sum. */
  readonly name: string;
  readonly unit: Unit;
}

export interface LensTable {
  readonly kind: 'table';
  readonly columns: readonly LensColumn[];
  readonly rows: Iterable<readonly (string | number)[]>;
}

/** What went through descriptors, in the order of time. */
export interface LensEcho {
  readonly kind: 'echo';
  readonly blocks: Iterable<EchoBlock>;
}

export interface EchoBlock {
  readonly num: number;
  readonly direction: 'read' | 'write';
  /** Bytes that moved; the payload may hold fewer. */
  readonly bytes: number;
  readonly name: string;
  readonly process: string;
  /** Holds until the next block is asked for. */
  readonly payload: Uint8Array;
}

export interface Lens {
  readonly name: string;
  /** sysdig's names for the same. */
  readonly chisels: readonly string[];
  readonly doc: string;
  /** Names of its arguments; one that ends in `?` may be left out. */
  readonly args: readonly string[];
  /** The filter that it adds to the user's; empty: none. */
  readonly filter: (args: readonly string[]) => string;
  readonly look: (capture: Capture, filter: CompiledFilter, args: readonly string[]) => LensTable | LensEcho;
}
