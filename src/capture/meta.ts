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
  /** ns: the capture's end, where known. */
  readonly end: string;
  /** How it was made. */
  readonly command: string;
  /** Which kernel hook the probe used. */
  readonly hook: string;
  /** The effects of what was missing, a line each. */
  readonly notes: string;
  /** What the probe could not see, as JSON: [{ id, effect, reason, errno }]; native/feature.c has the ids. */
  readonly missing: string;
  /** What of the node's network could not be read, as JSON: [{ id, reason }]; absent: it was not looked at. */
  readonly nodeMissing: string;
  /** The network namespace that was taken for the node's, where one was chosen. */
  readonly netns: string;
  /** What was wrong with where names of pods came from; absent: nothing. */
  readonly names: string;
}
