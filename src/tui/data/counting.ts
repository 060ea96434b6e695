/** Counting beside the thread with the keyboard: what is asked, what is told, and who asks. */

/** What is counted, or looked for: a gap. A newer job of the same kind ends the one before. */
export const LANES = ['find', 'gap', 'preview', 'filter'] as const;
export type Lane = (typeof LANES)[number];

/** How many events of each chunk a filter lets through and, with a text, have that in their rows; or the next gap between them. */
export interface CountJob {
  readonly lane: Lane;
  /** Tells its news from those of jobs before it. */
  readonly id: number;
  readonly filter: string;
  readonly text: string | null;
  /** The chunk with this event comes first, then the others in this direction, then those on its other side. */
  readonly from: number;
  readonly direction: 1 | -1;
}

/** Counts of chunks, each named by the number of its first event. */
export interface CountNews {
  readonly lane: Lane;
  readonly id: number;
  readonly chunks: readonly number[];
  readonly counts: readonly number[];
  /** Of a gap that is looked for: the event that the search has come to. */
  readonly at?: number;
  /** With `done`: the event after the gap; null: there is none; absent: it was not looked for to the end. */
  readonly found?: number | null;
  /** Nothing more will come. */
  readonly done: boolean;
}

export interface Counting {
  /** What calls of `count` lead to comes here, after they have returned. */
  hear: (news: CountNews) => void;
  count(job: CountJob): void;
  stop(lane: Lane): void;
  close(): void;
}

/** What can be counted chunk by chunk, here or elsewhere. */
export interface Counted {
  /** Counts one more chunk; false: all are counted. */
  countOne(): boolean;
  /** A chunk's count was found elsewhere. `first`: number of the chunk's first event. */
  tell(first: number, count: number): void;
  /** Somebody else counts: walks wait for that where a chunk is not counted. */
  elsewhere: boolean;
}

/** Slices that are spent here first: starting a thread takes as long. */
export const PATIENCE = 6;

let lastId = 0;

/** Of a job: no other has it. */
export const nextId = () => ++lastId;

/** One thing to count: here as long as a slice takes, then beside, where there is somebody. */
export class Tally {
  readonly counted: Counted;
  readonly #job: Omit<CountJob, 'id'>;
  readonly #beside: Counting | null;
  /** The job that was given away; 0: none is. */
  #id = 0;
  #slices = 0;

  constructor(counted: Counted, job: Omit<CountJob, 'id'>, beside: Counting | null) {
    this.counted = counted;
    this.#job = job;
    this.#beside = beside;
  }

  /** The rest is being counted beside. */
  get isAway(): boolean {
    return this.#id !== 0;
  }

  /** Counts until it is late, and gives away the rest; false: there is more to be done here. */
  step(late: () => boolean): boolean {
    if (this.#id !== 0) return true;
    while (!late()) if (!this.counted.countOne()) return true;
    if (this.#beside === null || ++this.#slices < PATIENCE) return false;
    this.#id = nextId();
    this.counted.elsewhere = true;
    this.#beside.count({ ...this.#job, id: this.#id });
    return true;
  }

  told({ id, chunks, counts, done }: CountNews): void {
    if (id !== this.#id) return;
    for (const [k, first] of chunks.entries()) this.counted.tell(first, counts[k]!);
    if (!done) return;
    this.counted.elsewhere = false;
    this.#id = this.#slices = 0;
  }

  stop(): void {
    if (this.#id !== 0) this.#beside?.stop(this.#job.lane);
    this.#id = 0;
    this.counted.elsewhere = false;
  }
}
