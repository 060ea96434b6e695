/** Counts for those who ask from another thread, the most urgent first, in slices between which it hears that nobody waits any more. */
import type { Capture } from '../../capture/capture.ts';
import { type CaptureContext, EventView } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { CHUNK_EVENTS, type ChunkHead } from '../../model/chunk.ts';
import { rowOf, rowText } from '../screens/events/rows.ts';
import { type CountJob, type CountNews, LANES, type Lane } from './counting.ts';
import { Hits } from './hits.ts';
import { Matches } from './matches.ts';
import { type Progress, seekGoal } from './seek.ts';
import type { Match } from './selected.ts';

const SLICE_MS = 10;
/** How often it tells what it has. */
const TELL_MS = 25;

/** The number of a chunk's first event, and its count. */
type ChunkCount = readonly [first: number, count: number];

interface Work {
  readonly job: CountJob;
  readonly steps: Generator<ChunkCount | Progress | null, number | null | undefined>;
  counted: ChunkCount[];
  at: number;
  toldAt: number;
}

export class Counter {
  readonly #capture: Capture;
  readonly #context: CaptureContext;
  readonly #tell: (news: CountNews) => void;
  readonly #works = new Map<Lane, Work>();
  #turn: NodeJS.Immediate | null = null;
  /** Of a capture that does not grow. */
  #heads: readonly ChunkHead[] | undefined;

  constructor(capture: Capture, context: CaptureContext, tell: (news: CountNews) => void) {
    this.#capture = capture;
    this.#context = context;
    this.#tell = tell;
  }

  /** Takes the place of the lane's job before. */
  count(job: CountJob): void {
    const steps = job.lane === 'gap' ? this.#gapSteps(job) : this.#steps(job);
    this.#works.set(job.lane, { job, steps, counted: [], at: job.from, toldAt: performance.now() });
    this.#turn ??= setImmediate(() => this.#slice());
  }

  stop(lane: Lane): void {
    this.#works.delete(lane);
  }

  #slice(): void {
    this.#turn = null;
    const lane = LANES.find((one) => this.#works.has(one));
    if (lane === undefined) return;
    this.#capture.snapshot(() => this.#work(this.#works.get(lane)!));
    this.#turn = setImmediate(() => this.#slice());
  }

  #work(work: Work): void {
    const end = performance.now() + SLICE_MS;
    let step = work.steps.next();
    for (; step.done !== true; step = work.steps.next()) {
      if (Array.isArray(step.value)) work.counted.push(step.value as ChunkCount);
      else if (step.value !== null) work.at = (step.value as Progress).num;
      if (performance.now() > end) break;
    }
    const done = step.done === true;
    if (done) this.#works.delete(work.job.lane);
    if (done || performance.now() - work.toldAt > TELL_MS) this.#tellOf(work, step.done === true ? { found: step.value } : null);
  }

  #tellOf(work: Work, end: { readonly found: number | null | undefined } | null): void {
    const { lane, id } = work.job;
    const counts = { chunks: work.counted.map(([first]) => first), counts: work.counted.map(([, count]) => count) };
    const found = end?.found === undefined ? {} : { found: end.found };
    this.#tell({ lane, id, ...counts, ...(lane === 'gap' ? { at: work.at } : {}), ...found, done: end !== null });
    work.counted = [];
    work.toldAt = performance.now();
  }

  /** The next gap, as the screen would find it. Not of a capture that grows: its last chunks are replaced between two steps. */
  *#gapSteps({ filter, from, direction }: CountJob): Generator<Progress, number | null> {
    return yield* seekGoal(this.#matchesOf(filter), { to: 'gap', direction }, from);
  }

  #matchesOf(filter: string): Matches {
    const { growing } = this.#context;
    if (growing) this.#capture.refresh();
    const matches = new Matches(this.#capture, compileFilter(filter, this.#context), growing, this.#heads);
    if (!growing) this.#heads = matches.heads;
    return matches;
  }

  *#steps({ filter, text, from, direction }: CountJob): Generator<ChunkCount | null, undefined> {
    const { growing } = this.#context;
    const matches = this.#matchesOf(filter);
    const view = new EventView(this.#context);
    const textOf = ({ chunk, i }: Match) => rowText(rowOf(view.at(chunk, i)));
    const hits = text === null ? null : new Hits(matches, text, textOf, this.#context);
    for (const c of order(Math.max(0, matches.chunkFrom(from)), matches.heads.length, direction)) {
      const head = matches.heads[c]!;
      if (growing && head.n < CHUNK_EVENTS) continue; // a recorder puts it together with others: who asks counts it
      if (hits !== null) yield* hits.countChunk(c);
      yield [head.firstNum, hits === null ? matches.count(c) : (hits.countOf(c) ?? 0)];
      if (hits?.isTooMany === true) break;
    }
    return undefined;
  }
}

/** 0..n-1, from `first` on in a direction, then the others, from the end that is reached last. */
function* order(first: number, n: number, direction: 1 | -1): Generator<number> {
  const start = Math.min(first, n - 1);
  for (let k = 0; k < n; k++) yield (((start + direction * k) % n) + n) % n;
}
