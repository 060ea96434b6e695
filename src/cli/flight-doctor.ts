/** `--on doctor:ID`: the doctor looks at what was recorded last, again and again, and what it finds anew is a trigger. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { CHECK_IDS } from '../doctor/registry.ts';
import { nearest } from '../filter/error.ts';
import { steadyNow } from '../model/steady.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import type { DoctorAnswer, DoctorLook, DoctorStart, Found } from './doctor-worker.ts';
import { UsageError } from './exit.ts';

/** ms between two looks, and at most this share of the time goes into them. */
const EVERY_MS = 5_000;
const SHARE = 0.05;
/** ms: what was found and is found again within that time is no news. */
const KEPT_MS = 600_000;
const MEMORY_MB = 512;
/** A look takes a second where a node is busy; one that takes this long is given up when the recording ends. */
const LAST_LOOK_MS = 10_000;
const DOCTOR = /^doctor(?::(.*))?$/;

/** Checks that triggers name: `doctor` is all of them, `doctor:a,b` are two. */
export interface DoctorChecks {
  readonly checks: readonly string[];
}

/** Triggers that are filters, and what the others ask of the doctor; null: nothing. Throws UsageError. */
export function splitTriggers(on: readonly string[]): { filters: string[]; doctor: DoctorChecks | null } {
  const named = on.map((text) => DOCTOR.exec(text)).filter((match) => match !== null);
  const filters = on.filter((text) => !DOCTOR.test(text));
  if (named.length === 0) return { filters, doctor: null };
  const all = named.some(([, ids]) => ids === undefined);
  const checks = named.flatMap(([, ids = '']) => (ids === '' ? [] : ids.split(',')));
  if (!all && checks.length === 0) throw new UsageError('--on doctor: needs a check behind the colon; trowel doctor -l lists them');
  for (const id of checks) if (!CHECK_IDS.includes(id)) throw new UsageError(unknownCheck(id));
  return { filters, doctor: { checks: all ? [] : checks } };
}

export function unknownCheck(id: string): string {
  const near = nearest(id, CHECK_IDS);
  return `there is no check called ${id}${near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`}; trowel doctor -l lists them`;
}

/** Parts of the recording that are there until they are released. */
export interface HeldParts {
  readonly paths: readonly string[];
  release(): void;
}

export class FlightDoctor {
  readonly #worker: Worker;
  readonly #parts: () => HeldParts;
  readonly #onFound: (found: Found) => void;
  /** By check and who is affected: when it was found last, ms. */
  readonly #known = new Map<string, number>();
  readonly #gone = Promise.withResolvers<null>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #ended = false;
  #problem = '';

  constructor({ checks }: DoctorChecks, parts: () => HeldParts, onFound: (found: Found) => void) {
    this.#parts = parts;
    this.#onFound = onFound;
    this.#worker = new Worker(fileURLToPath(new URL('./doctor-worker.js', import.meta.url)), {
      workerData: { checks } satisfies DoctorStart,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    this.#worker.on('error', ({ message }) => this.#tell(`looks no more: ${message}`)).on('exit', () => this.#gone.resolve(null));
    this.#worker.unref();
    this.#lookIn(EVERY_MS);
  }

  /** Looks once more at all that there is, and ends. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const late = AbortSignal.timeout(LAST_LOOK_MS);
    late.addEventListener('abort', () => this.#gone.resolve(null));
    await this.#looking;
    await this.#look();
    await this.#worker.terminate();
  }

  #lookIn(ms: number): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look();
    }, ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { paths, release } = this.#parts();
    const answered = new Promise<DoctorAnswer>((resolve) => this.#worker.once('message', resolve));
    this.#worker.postMessage({ parts: paths } satisfies DoctorLook);
    const answer = await Promise.race([answered, this.#gone.promise]);
    release();
    if (answer === null) return;
    if ('problem' in answer) this.#tell(`could not look: ${answer.problem}`);
    else for (const found of answer.found) if (this.#isNews(found)) this.#onFound(found);
    this.#lookIn('ms' in answer ? Math.max(EVERY_MS, answer.ms / SHARE) : EVERY_MS);
  }

  /** A check's finding of somebody of whom it was silent before. */
  #isNews({ id, affected }: Found): boolean {
    const now = steadyNow();
    for (const [key, time] of this.#known) if (now - time > KEPT_MS) this.#known.delete(key);
    const keys = affected.length === 0 ? [id] : affected.map((name) => `${id} ${name}`);
    const news = keys.some((key) => !this.#known.has(key));
    for (const key of keys) this.#known.set(key, now);
    return news;
  }

  /** Once, though it may be so again and again. */
  #tell(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    say(`the doctor ${sanitize(problem)}`);
  }
}
