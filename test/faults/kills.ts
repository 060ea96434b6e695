/**
 * `scripts/kills [N] [--probe]`: kills a recorder N times (100) at random moments with SIGKILL, its collector, its probe, or
 * both, and looks at what is left. `--probe`: the real probe, as root; otherwise a program that says what one says, 100,000 events a
 * second. Before each kill the file and its log are copied, one after the other: what a power cut leaves at worst.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { repair } from '../../src/store/repair.ts';

export const VICTIMS = ['collector', 'probe', 'both'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Kill {
  readonly victim: Victim;
  /** ms after the first event that could be read. */
  readonly afterMs: number;
  /** ms between the newest event that was kept and the kill. */
  readonly lostMs: number;
  readonly events: number;
  /** What is not as it must be; empty: all is. */
  readonly wrong: readonly string[];
  /** The copy opened as it was, after `repair`, or not at all. */
  readonly copy: 'reads' | 'repaired' | 'none';
}

const BIN = join(packageRoot(), 'bin/trowel');
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const LONGEST_MS = 1500;

/** A probe that is none; its path. */
export function madeProbe(folder: string, events: number): string {
  const path = join(folder, 'probe');
  const program = join(packageRoot(), 'test/helpers/steady-probe.ts');
  writeFileSync(path, `#!/bin/sh\nPROBE_EVENTS=${events} exec ${process.execPath} --experimental-transform-types ${program} "$@"\n`, {
    mode: 0o755,
  });
  return path;
}

const bySignal = (pid: number): void => void process.kill(pid, 'SIGKILL');

/** Records, kills after a while, and says what is left. `probe` null: the real one. `kill`: how. */
export async function killOnce(
  folder: string,
  victim: Victim,
  afterMs: number,
  probe: string | null,
  kill: (pid: number) => void = bySignal,
): Promise<Kill> {
  const path = join(folder, `${victim}-${Math.round(afterMs * 1000)}.trowel`);
  const env = { ...process.env, ...(probe === null ? {} : { TROWEL_PROBE: probe }) };
  const recorder = spawn(BIN, ['record', '--no-k8s', '--no-node', '-w', path], { stdio: 'ignore', env });
  const ended = new Promise<number | null>((resolve) => recorder.on('exit', resolve));
  await until(() => eventsIn(path) > 0, recorder);
  await sleep(afterMs);
  const copied = copy(path);
  const probePid = childOf(recorder.pid!);
  const killedAt = Date.now();
  if (victim !== 'collector') kill(probePid);
  if (victim !== 'probe') kill(recorder.pid!);
  const code = await ended;
  await until(() => !existsSync(`/proc/${probePid}`), null);
  return { victim, afterMs, ...lookAt(path, victim, code, killedAt), copy: lookAtCopy(copied) };
}

async function until(done: () => boolean, recorder: ChildProcess | null): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (done()) return;
    if (recorder !== null && recorder.exitCode !== null) throw new Error(`the recorder ended with ${recorder.exitCode}`);
    await sleep(50);
  }
  recorder?.kill('SIGKILL');
  throw new Error('waited in vain');
}

function eventsIn(path: string): number {
  try {
    const capture = new CaptureReader(path);
    const count = capture.last()?.count ?? 0;
    capture.close();
    return count;
  } catch {
    return 0; // not there yet
  }
}

function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/)[0]);
}

/** The file first and its log after it: further apart than a power cut would have them. */
function copy(path: string): string {
  const target = path.replace('.trowel', '-copy.trowel');
  copyFileSync(path, target);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${target}-wal`);
  return target;
}

/** What a capture then says of itself. Of two that the kernel kills the collector may be the later one, and have seen the probe go. */
const STATES: Readonly<Record<Victim, readonly string[]>> = {
  probe: ['broke off'],
  collector: ['recording'],
  both: ['recording', 'broke off'],
};

function lookAt(path: string, victim: Victim, code: number | null, killedAt: number): Pick<Kill, 'lostMs' | 'events' | 'wrong'> {
  const wrong: string[] = [];
  const capture = new CaptureReader(path);
  const { state } = capture.meta;
  if (!STATES[victim].includes(state ?? '')) wrong.push(`state ${state}, not ${STATES[victim].join(' or ')}`);
  if (victim === 'probe' && code !== 1) wrong.push(`exit code ${code}`);
  let next = 1;
  for (const head of capture.heads()) {
    const { num, n } = capture.chunk(head);
    for (let i = 0; i < n; i++) if (num[i] !== next++) wrong.push(`event ${num[i]} where ${next - 1} was expected`);
  }
  const lostMs = killedAt - Number(capture.epoch / 1_000_000n) - (capture.last()?.time ?? 0) / 1e6;
  if (lostMs > 1000) wrong.push(`${lostMs.toFixed(0)} ms lost`);
  capture.close();
  const database = new Database(path);
  if (database.pragma('integrity_check', { simple: true }) !== 'ok') wrong.push('its integrity is broken');
  database.close();
  return { lostMs, events: next - 1, wrong: wrong.slice(0, 3) };
}

function lookAtCopy(path: string): Kill['copy'] {
  try {
    const capture = new CaptureReader(path);
    for (const head of capture.heads()) capture.chunk(head);
    capture.close();
    return 'reads';
  } catch {
    try {
      repair(path, `${path}.repaired`);
      return 'repaired';
    } catch {
      return 'none';
    }
  }
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 100);
  const folder = mkdtempSync(join(tmpdir(), 'trowel-kills-'));
  const probe = process.argv.includes('--probe') ? null : madeProbe(folder, 2000);
  const kills: Kill[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const kill = await killOnce(folder, VICTIMS[i % VICTIMS.length]!, Math.random() * LONGEST_MS, probe);
      kills.push(kill);
      if (kill.wrong.length > 0) console.log(`${i}: ${kill.victim} after ${kill.afterMs.toFixed(0)} ms: ${kill.wrong.join('; ')}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const lost = kills.map(({ lostMs }) => lostMs).sort((a, b) => a - b);
  const copies = (how: Kill['copy']) => kills.filter((kill) => kill.copy === how).length;
  console.log(`kills survived: ${kills.filter(({ wrong }) => wrong.length === 0).length}/${count}`);
  console.log(`newest event before the kill: median ${lost[count >> 1]!.toFixed(0)} ms, at most ${lost.at(-1)!.toFixed(0)} ms`);
  console.log(`copies of file and log: ${copies('reads')} read, ${copies('repaired')} repaired, ${copies('none')} neither, of ${count}`);
}

if (process.argv[1] === import.meta.filename) await main();
