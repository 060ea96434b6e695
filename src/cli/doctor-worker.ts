/** The thread in which the doctor looks at what a flight recorder wrote last, so that the recording does not wait. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Finding } from '../doctor/check.ts';
import { diagnose } from '../doctor/doctor.ts';
import { PartsCapture } from '../store/parts.ts';

/** What the thread is started with. */
export interface DoctorStart {
  /** Ids of checks; empty: all, and of their findings those of which something failed. */
  readonly checks: readonly string[];
}

/** What it is asked: parts of the recording, in order. */
export interface DoctorLook {
  readonly parts: readonly string[];
}

/** One finding, as far as a trigger needs it. */
export interface Found {
  readonly id: string;
  readonly verdict: string;
  readonly affected: readonly string[];
  /** Number of the first event that shows it; null: a fact of the node shows it. */
  readonly num: number | null;
  /** ns since the recording began. */
  readonly time: number;
}

export type DoctorAnswer = { readonly found: readonly Found[]; readonly ms: number } | { readonly problem: string };

const { checks } = workerData as DoctorStart;

parentPort!.on('message', (look: DoctorLook) => parentPort!.postMessage(answer(look)));

function answer({ parts }: DoctorLook): DoctorAnswer {
  const begun = performance.now();
  try {
    const capture = new PartsCapture(parts);
    try {
      return { found: capture.snapshot(() => findings(capture)), ms: performance.now() - begun };
    } finally {
      capture.close();
    }
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

function findings(capture: PartsCapture): Found[] {
  const end = capture.last()?.time ?? 0;
  return diagnose(capture, checks)
    .findings.filter(({ severity }) => checks.length > 0 || severity !== 'note')
    .map((finding) => found(capture, finding, end));
}

function found(capture: PartsCapture, { id, verdict, affected, events }: Finding, end: number): Found {
  const num = events.find((event) => capture.timeOf(event) !== null) ?? null;
  return { id, verdict, affected, num, time: num === null ? end : capture.timeOf(num)! };
}
