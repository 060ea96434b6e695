/** What a session is made of. */

import type { Capture } from '../capture/capture.ts';
import type { CaptureContext } from '../event/view.ts';
import type { Counting } from './data/counting.ts';
import type { TableReader } from './data/table-reader.ts';
import type { Size } from './kit/terminal.ts';

/** What a session cannot do by itself. */
export interface World {
  /** Gives where the text is now, in words. */
  copy(text: string): string;
  redraw(): void;
  suspend(): void;
  quit(keep: boolean): void;
  /** A filter was used. */
  remember(filter: string): void;
}

export interface SessionOptions {
  readonly capture: Capture;
  readonly context: CaptureContext;
  /** As the header shows it. */
  readonly file: string;
  readonly filter: string;
  /** Stay at the end of what is being recorded. */
  readonly follow: boolean;
  /** Following stops at the first event that this filter lets through; absent: it does not stop by itself. */
  readonly on?: string;
  /** The screen that is shown first; null: the findings where there are any, else the events; absent: the events. */
  readonly first?: string | null;
  /** The recording is nowhere else: leaving asks whether it is kept. */
  readonly unsaved?: boolean;
  readonly history: readonly string[];
  readonly size: Size;
  readonly world: World;
  /** Reads the rows of screens; absent: in this thread. */
  readonly tables?: TableReader;
  /** Counts what takes longer than a few slices; absent: this thread does, between keys. */
  readonly counting?: Counting;
}
