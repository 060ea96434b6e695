/** A recording that goes on from file to file. Each is a capture of its own, with all names; events keep counting. */

/** What is in the file that is being written. */
export interface SegmentState {
  readonly events: number;
  readonly bytes: number;
  /** ns since the recording began: what the file covers. */
  readonly from: number;
  readonly to: number;
}

/** Decides when a recording goes on in another file, and in which. */
export interface Segments {
  /** Events of one file, at most. */
  readonly maxEvents: number;
  /** Asked after each flush. */
  isFull(segment: SegmentState): boolean;
  /** The path of the next file; the one before is closed and was as `segment` says. */
  next(segment: SegmentState): string;
}
