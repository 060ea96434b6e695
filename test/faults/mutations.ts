/**
 * `scripts/mutations [N] [FIRST]`: N captures (2000), each damaged in a way of its own by its number, are asked what users ask. A process
 * of its own does it: one that dies is a crash, one that is silent for long a hang, and what is thrown must name the file.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CaptureError } from '../../src/capture/error.ts';
import { contextOf } from '../../src/cli/capture-context.ts';
import { openQuietly } from '../../src/cli/open-capture.ts';
import { diagnose } from '../../src/doctor/doctor.ts';
import { list } from '../../src/explain/explain.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { repair } from '../../src/store/repair.ts';

export const BASE = join(packageRoot(), 'captures/critical-app.trowel');
const PAGE = 4096;
const HANG_MS = 60_000;

/** What became of one. */
export interface Outcome {
  readonly number: number;
  /** By question: an error that names the file. */
  readonly refused: number;
  /** Errors of other kinds, with their question. */
  readonly unexpected: readonly string[];
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WAYS: readonly ((bytes: Buffer, random: () => number) => Buffer)[] = [
  function flips(bytes, random) {
    for (let n = 1 + Math.floor(random() * 20); n > 0; n--) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
    return bytes;
  },
  function noise(bytes, random) {
    const from = Math.floor(random() * bytes.length);
    for (let i = from; i < Math.min(bytes.length, from + random() * 300); i++) bytes[i] = Math.floor(random() * 256);
    return bytes;
  },
  function zeros(bytes, random) {
    const page = Math.floor((random() * bytes.length) / PAGE) * PAGE;
    return bytes.fill(0, page, page + PAGE);
  },
  function swaps(bytes, random) {
    const page = () => Math.floor((random() * bytes.length) / PAGE) * PAGE;
    bytes.copy(bytes, page(), page(), page() + PAGE);
    return bytes;
  },
  function cuts(bytes, random) {
    return bytes.subarray(0, Math.floor(random() * bytes.length));
  },
];

async function questions(path: string): Promise<[name: string, ask: () => void][]> {
  const capture = await openQuietly(path);
  return [
    ['read', () => readAll(capture.select(compileFilter('evt.latency>1ms or fd.name contains etc or proc.aname=x', contextOf(capture))))],
    ['explain', () => void list(capture, { over: 1e8, pids: null }, 10)],
    ['doctor', () => void diagnose(capture)],
    ['close', () => capture.close()],
    ['repair', () => void repair(path, `${path}.repaired`)],
  ];
}

function readAll(matches: Iterable<unknown>): void {
  for (const _ of matches);
}

export async function ask(number: number, folder: string, base: Buffer): Promise<Outcome> {
  const random = randomOf(number);
  const path = join(folder, `${number}.trowel`);
  writeFileSync(path, WAYS[number % WAYS.length]!(Buffer.from(base), random));
  const unexpected: string[] = [];
  let refused = 0;
  const guarded = (name: string, error: unknown) => {
    if (error instanceof CaptureError) refused++;
    else unexpected.push(`${name}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
  };
  try {
    for (const [name, one] of await questions(path)) {
      try {
        one();
      } catch (error) {
        guarded(name, error);
      }
    }
  } catch (error) {
    guarded('open', error);
  }
  for (const suffix of ['', '-wal', '-shm', '.repaired']) rmSync(path + suffix, { force: true });
  return { number, refused, unexpected };
}

async function work(from: number, to: number, folder: string): Promise<void> {
  const base = readFileSync(BASE);
  for (let number = from; number < to; number++) process.send!(await ask(number, folder, base));
}

interface Sums {
  done: number;
  refused: number;
  crashes: number;
  hangs: number;
  unexpected: number;
}

/** One process, until it is through, dies or is silent; gives the number after the last that it told of. */
function run(from: number, to: number, folder: string, sums: Sums): Promise<number> {
  const child: ChildProcess = fork(import.meta.filename, ['--work', String(from), String(to), folder], { execArgv: [...process.execArgv] });
  let next = from;
  let hangs = false;
  const kill = () => {
    hangs = true;
    child.kill('SIGKILL');
  };
  let silence = setTimeout(kill, HANG_MS);
  child.on('message', ({ number, refused, unexpected }: Outcome) => {
    clearTimeout(silence);
    silence = setTimeout(kill, HANG_MS);
    next = number + 1;
    sums.done++;
    if (refused > 0) sums.refused++;
    if (unexpected.length > 0) sums.unexpected++;
    for (const text of unexpected) console.log(`${number}: ${text.slice(0, 200)}`);
  });
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearTimeout(silence);
      if (next >= to) return resolve(next);
      if (hangs) sums.hangs++;
      else sums.crashes++;
      console.log(`${next}: ${hangs ? 'hangs' : `crashes (${signal ?? code})`}`);
      resolve(next + 1);
    });
  });
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 2000);
  const first = Number(process.argv[3] ?? 1);
  const folder = mkdtempSync(join(tmpdir(), 'trowel-mutations-'));
  const sums: Sums = { done: 0, refused: 0, crashes: 0, hangs: 0, unexpected: 0 };
  try {
    for (let next = first; next < first + count; ) next = await run(next, first + count, folder, sums);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`mutations: ${count}; crashes ${sums.crashes}, hangs ${sums.hangs}, errors that name no file ${sums.unexpected}`);
  console.log(`refused in part or whole: ${sums.refused}; answered: ${sums.done - sums.refused}`);
}

if (process.argv[2] === '--work') await work(Number(process.argv[3]), Number(process.argv[4]), process.argv[5]!);
else if (process.argv[1] === import.meta.filename) await main();
