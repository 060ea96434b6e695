/** A command under `trowel record`, and what that cost: CPU of collector and probe, events, losses. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';

export interface Recorded {
  readonly events: number;
  readonly lost: number;
  /** Of the recording, s. */
  readonly seconds: number;
  readonly bytes: number;
  /** ms of CPU, to 10 ms: from start to end. */
  readonly probeMs: number;
  readonly collectorMs: number;
  /** What the command printed. */
  readonly stdout: string;
}

const SAMPLE_MS = 100;

/** Records into `path`. Throws where the command or the recorder fails. */
export async function recorded(path: string, command: readonly string[]): Promise<Recorded> {
  const recorder = spawn(join(packageRoot(), 'bin/trowel'), ['record', '-w', path, '--only-command', '--', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, said] = ['', ''];
  recorder.stdout.on('data', (text) => {
    stdout += String(text);
  });
  recorder.stderr.on('data', (text) => {
    said += String(text);
  });
  const used = { probe: 0, collector: 0 };
  const sampling = setInterval(() => {
    used.probe = Math.max(used.probe, cpuOf(recorder.pid!, 'trowel-probe'));
    used.collector = Math.max(used.collector, cpuOf(recorder.pid!, 'node') || cpuOf(recorder.pid!, 'MainThread'));
  }, SAMPLE_MS);
  const code = await new Promise((resolve) => recorder.on('close', resolve));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`trowel record ended with ${String(code)}: ${said}`);
  return { ...stored(path), probeMs: used.probe, collectorMs: used.collector, stdout };
}

function stored(path: string): Pick<Recorded, 'events' | 'lost' | 'seconds' | 'bytes'> {
  const capture = new CaptureReader(path);
  try {
    const lost = [...capture.dims.losses.all()].reduce((sum, { count }) => sum + count, 0);
    return { events: capture.last()!.count, lost, seconds: Number(capture.meta.end) / 1e9, bytes: statSync(path).size };
  } finally {
    capture.close();
  }
}

/** ms of CPU that a process has used, by its name among `pid` and its children. */
function cpuOf(pid: number, name: string): number {
  for (const entry of readdirSync('/proc').filter((candidate) => /^[0-9]+$/.test(candidate))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const isIt = stat.includes(`(${name}`) && (Number(fields[1]) === pid || Number(entry) === pid);
      if (isIt) return (Number(fields[11]) + Number(fields[12])) * 10;
    } catch {
      // ended meanwhile
    }
  }
  return 0;
}
