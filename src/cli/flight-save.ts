/** The flight recorder's hand, in a process of its own: parts of the ring become a capture, and its explanation goes to stdout. */
import { renameSync, rmSync } from 'node:fs';
import { diagnose } from '../doctor/doctor.ts';
import { clockText } from '../model/time.ts';
import { sanitize } from '../output/printable.ts';
import { doctorReport } from '../output/reports/doctor.ts';
import { join } from '../store/join.ts';
import { CaptureReader } from '../store/reader.ts';
import { UsageError } from './exit.ts';
import { explain } from './explain.ts';
import { orderIn } from './order-in.ts';
import { show } from './writing.ts';

const DOCTOR = 'doctor:';

/** What is to be saved, as JSON on stdin. Times in ns since the recording began. */
export interface SaveOrder {
  readonly parts: readonly string[];
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly reasons: readonly SaveReason[];
  /** It ends where its recorder was killed. */
  readonly killed?: boolean;
}

export interface SaveReason {
  /** The trigger's filter, `doctor:ID`, `SIGUSR1`, or `snapshot`. */
  readonly trigger: string;
  readonly time: number;
  /** Number of the event; null: none was it. */
  readonly num: number | null;
  /** What the doctor found. */
  readonly verdict?: string;
}

export async function flightSave(): Promise<void> {
  const order = await orderIn<SaveOrder>();
  const { parts, path, from, to, reasons, killed = false } = order;
  const end = killed ? ({ state: 'broke off', broke: 'its recorder was killed' } as const) : {};
  const partial = `${path}.partial`;
  try {
    join(parts, partial, { from, to, meta: { saved: JSON.stringify(reasons), ...end } });
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
  const capture = new CaptureReader(path);
  try {
    process.stdout.write(heading(order, capture.epoch));
    tellFindings(capture, reasons);
  } finally {
    capture.close();
  }
  await explainReason(path, reasons.find(({ num }) => num !== null)?.num ?? null);
}

/** What the doctor says of what is saved, where it was the reason. */
function tellFindings(capture: CaptureReader, reasons: readonly SaveReason[]): void {
  const checks = reasons.flatMap(({ trigger, verdict }) => (verdict === undefined ? [] : [trigger.slice(DOCTOR.length)]));
  if (checks.length === 0) return;
  const told = diagnose(capture, checks);
  show(doctorReport(told, capture.epoch), { markdown: true });
  process.stdout.write('\n');
}

/** What went on around the event that a trigger waited for; where no event was it, what cost most. */
async function explainReason(path: string, event: number | null): Promise<void> {
  const how = { over: '100ms', markdown: true };
  if (event !== null) {
    try {
      return await explain(path, '', { ...how, event });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error; // it belongs to no process
    }
  }
  await explain(path, '', how);
}

function heading({ path, from, to, reasons }: SaveOrder, epoch: bigint): string {
  const lines = reasons.map(
    ({ trigger, time, num, verdict }) =>
      `- ${clockText(epoch, time, true)}: \`${sanitize(trigger).replaceAll('`', "'")}\`${num === null ? '' : `, event ${num}`}${verdict === undefined ? '' : `: ${sanitize(verdict)}`}`,
  );
  return [
    '# Saved by the flight recorder',
    '',
    ...lines,
    '',
    `${rangeText(reasons[0]!.time, from, to)} Times count from the start of the recording, ${(from / 1e9).toFixed(1)} s before. \`trowel open ${sanitize(path)}\` shows it.`,
    '',
    '',
  ].join('\n');
}

function rangeText(time: number, from: number, to: number): string {
  const after = `${((to - time) / 1e9).toFixed(1)} s after.`;
  if (from <= time) return `From ${((time - from) / 1e9).toFixed(1)} s before to ${after}`;
  return `From ${((from - time) / 1e9).toFixed(1)} s after to ${after} What was before had left the ring.`;
}
