/** `trowel doctor`: checks of a capture, or of this node right now. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose } from '../doctor/doctor.ts';
import { CHECK_IDS, CHECKS } from '../doctor/registry.ts';
import { checksReport, doctorReport } from '../output/reports/doctor.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { unknownCheck } from './flight-doctor.ts';
import { openCapture } from './open-capture.ts';
import { type RecordOptions, record } from './record.ts';
import { show, type WritingOptions } from './writing.ts';

export interface DoctorOptions extends WritingOptions {
  readonly list?: boolean;
  /** Ids of checks, all where none is named. */
  readonly check?: readonly string[];
  readonly exitCode?: boolean;
  /** Live: how long to record. */
  readonly for: string;
  readonly netns?: string;
  readonly kubeconfig?: string;
  readonly api?: string;
}

export async function doctor(path: string | undefined, options: DoctorOptions): Promise<void> {
  if (options.list === true) {
    show(checksReport(CHECKS), options);
    return;
  }
  for (const id of options.check ?? []) if (!CHECK_IDS.includes(id)) throw new UsageError(unknownCheck(id));
  if (path !== undefined) {
    await examine(path, options);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'trowel-doctor-'));
  try {
    const live = join(folder, 'live.trowel');
    await record('', recording(live, options));
    await examine(live, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function recording(write: string, { for: span, netns, kubeconfig, api }: DoctorOptions): RecordOptions {
  return {
    write,
    for: span,
    snaplen: 80,
    waitOver: '1ms',
    latency: true,
    k8s: true,
    net: true,
    node: true,
    command: [],
    ...(netns === undefined ? {} : { netns }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(api === undefined ? {} : { api }),
  };
}

/** Notes are worth knowing, but nothing is wrong for them. */
async function examine(path: string, options: DoctorOptions): Promise<void> {
  const capture = await openCapture(path);
  try {
    const diagnosis = diagnose(capture, options.check);
    show(doctorReport(diagnosis, capture.epoch), options);
    if (options.exitCode === true && diagnosis.findings.some(({ severity }) => severity !== 'note')) throw new Exit(EXIT.FAILED);
  } finally {
    capture.close();
  }
}
