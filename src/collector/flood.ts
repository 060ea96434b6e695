/** What one stream may make a collector remember, whatever it says: a probe stays far below, and who does not is no probe. */
import type { DimensionTables, LossRow, ProcessRow } from '../model/rows.ts';
import { WireError } from './validate.ts';
import type { BatchDef, ThreadDef } from './wire.ts';

/** Threads and descriptors that are defined between two flushes, at most; some 15 MB. */
const MOST_DEFINED = 16_384;
/** Bytes of the texts of processes: 32,768 of the longest command lines are a quarter of it. */
const MOST_TEXT = 512 << 20;
/** Bytes of texts that come between two looks at how many there are. */
const LOOK_EVERY = 64 << 20;
/** CPUs times families of calls; a machine of 4,096 CPUs has 25,000. */
const MOST_COUNTERS = 65_536;
/** Rows of losses; of a recording that loses all the time the last ones grow. */
const MOST_LOSSES = 10_000;

export class FloodGuard {
  readonly #tables: DimensionTables;
  #defined = 0;
  #text = 0;
  /** By reason, CPU and family: id of the last row. */
  readonly #lastLoss = new Map<string, number>();

  constructor(tables: DimensionTables) {
    this.#tables = tables;
  }

  /** Whether to store what came before more is taken. Throws WireError where a stream names more than fits into memory. */
  take({ threads, fds }: BatchDef): boolean {
    this.#defined += threads.length + fds.length;
    for (const thread of threads) this.#text += textBytes(thread);
    if (this.#text > LOOK_EVERY) this.#checkTexts();
    return this.#defined >= MOST_DEFINED;
  }

  flushed(): void {
    this.#defined = 0;
  }

  checkCounters(): void {
    if (this.#tables.counters.size > MOST_COUNTERS) throw new WireError(`more than ${MOST_COUNTERS} counters`);
  }

  /** As a row of its own, or as part of the last one of its kind. */
  keepLoss(loss: Omit<LossRow, 'id'>): void {
    const { losses } = this.#tables;
    const key = `${loss.reason} ${loss.cpu} ${loss.family}`;
    if (losses.size < MOST_LOSSES) {
      this.#lastLoss.set(key, losses.add(loss).id);
      return;
    }
    const last = losses.get(this.#lastLoss.get(key) ?? losses.lastId)!;
    losses.put({ ...last, count: last.count + loss.count, from: Math.min(last.from, loss.from), to: Math.max(last.to, loss.to) });
  }

  #checkTexts(): void {
    let bytes = 0;
    for (const row of this.#tables.processes.all()) bytes += rowBytes(row);
    if (bytes > MOST_TEXT) throw new WireError(`its processes’ command lines and environments take more than ${MOST_TEXT >> 20} MiB`);
    this.#text = 0;
  }
}

const textBytes = ({ args, env, exe, cwd, cgroup }: ThreadDef) => args.length + env.length + exe.length + cwd.length + cgroup.length;

function rowBytes({ args, env, exepath, cwd }: ProcessRow): number {
  let bytes = exepath.length + cwd.length;
  for (const text of args) bytes += text.length;
  for (const text of env ?? []) bytes += text.length;
  return bytes;
}
