/** Real recordings, made by the program as its users run it, and read back through the modules. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type TestContext, test } from 'vitest';
import type { Reading } from '../../src/event/fields/field.ts';
import { readField } from '../../src/event/fields/field.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { fieldNamed } from '../../src/filter/find-field.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';

export const BIN = join(packageRoot(), 'bin/trowel');
const PROBE = join(packageRoot(), 'native/build/trowel-probe');
export const SCENARIO = join(packageRoot(), 'test/scenario/critical-app');
export const WORKLOAD = join(packageRoot(), 'native/build/workload');

/** A recording of the counted workloads that was made elsewhere, on another kernel: test/kernels/run. */
export const GIVEN = process.env.TROWEL_CAPTURE;

/** Why nothing can be recorded here, or not what the named features of the probe record (native/feature.c); null: it can. */
export function whyNot(...needs: readonly string[]): string | null {
  if (GIVEN !== undefined) return absent(needs, missingOf(new Recording(GIVEN)));
  if (process.getuid?.() !== 0) return 'needs root';
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'this kernel has no BTF';
  if (!existsSync(PROBE)) return 'the probe is not built: make build';
  if (needs.length === 0) return null;
  missingHere ??= missingOf(record(['true'], ['--no-k8s']));
  return absent(needs, missingHere);
}

function absent(needs: readonly string[], missing: readonly Missing[]): string | null {
  const found = missing.find(({ id }) => needs.includes(id));
  return found === undefined ? null : `no ${found.id} here: ${found.reason}`;
}
let missingHere: readonly Missing[] | undefined;

/** Something that a recording could not see, as its capture says. */
export interface Missing {
  readonly id: string;
  readonly effect: string;
  readonly reason: string;
  readonly errno: number;
}

export function missingOf({ capture }: Recording): readonly Missing[] {
  return JSON.parse(capture.meta.missing ?? '[]') as readonly Missing[];
}

/** A test of what some kernels refuse: where this one does, it is skipped, and its name says why. */
export function testWith(needs: readonly string[], name: string, run: (context: TestContext) => void, timeoutMs?: number): void {
  const why = whyNot(...needs);
  test.skipIf(why !== null)(why === null ? name : `${name} (${why})`, run, timeoutMs);
}

/** The workload program, built if need be. */
export function buildWorkload(): void {
  execFileSync('make', ['-s', '-C', join(packageRoot(), 'native'), 'workload'], { stdio: 'inherit' });
}

export class Recording {
  readonly capture: CaptureReader;

  constructor(readonly path: string) {
    this.capture = new CaptureReader(path);
  }

  /** The matching events, each as the values of the fields. */
  rows<const Names extends readonly string[]>(filter: string, fields: Names): { readonly [Name in Names[number]]: Reading }[] {
    const { capture } = this;
    const compiled = compileFilter(filter, { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false });
    const bound = fields.map((name) => [name, fieldNamed(name)] as const);
    const rows: Record<string, Reading>[] = [];
    for (const { chunk, selection, n } of capture.select(compiled)) {
      for (let k = 0; k < n; k++) {
        const view = compiled.view.at(chunk, selection[k]!);
        rows.push(Object.fromEntries(bound.map(([name, field]) => [name, copied(readField(field, view))])));
      }
    }
    return rows as { readonly [Name in Names[number]]: Reading }[];
  }

  /** One field of the matching events. */
  values(filter: string, field: string): Reading[] {
    return this.rows(filter, [field]).map((row) => row[field]!);
  }

  count(filter: string): number {
    return this.rows(filter, []).length;
  }
}

/** A payload is a view into memory that the next chunk uses again. */
function copied(reading: Reading): Reading {
  return reading instanceof Uint8Array ? Buffer.from(reading).toString('latin1') : reading;
}

const LOOK_MS = 50;
const PATIENCE_MS = 30_000;

/** Looks again and again until it is so. Throws when that takes more than 30 s. */
export async function until(what: string, done: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!done()) {
    if (Date.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Asks a capture that is still written. */
export function peek<Answer>(path: string, ask: (recording: Recording) => Answer): Answer {
  const recording = new Recording(path);
  try {
    return ask(recording);
  } finally {
    recording.capture.close();
  }
}

/** Whether a recording has begun: its file is there, and is a capture already. */
export function hasBegun(path: string): boolean {
  try {
    return peek(path, ({ capture }) => capture.meta.epoch !== undefined);
  } catch {
    return false;
  }
}

const folders: string[] = [];

/** A path for a capture in a folder that `cleanUp` removes. */
export function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-live-'));
  folders.push(folder);
  return join(folder, 'x.trowel');
}

export function cleanUp(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Records while a command runs. Throws with what was printed when the recording fails. */
export function record(command: readonly string[], options: readonly string[] = []): Recording {
  const path = newPath();
  const { status, stderr, stdout } = spawnSync(BIN, ['record', '-w', path, ...options, '--', ...command], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`trowel record ended with ${status}:\n${stderr}\n${stdout}`);
  return new Recording(path);
}

/** As `record`, while the test goes on. */
export async function recordMeanwhile(
  command: readonly string[],
  options: readonly string[] = [],
  path = newPath(),
  env = process.env,
): Promise<Recording> {
  await promisify(execFile)(BIN, ['record', '-w', path, ...options, '--', ...command], { timeout: 120_000, env });
  return new Recording(path);
}
