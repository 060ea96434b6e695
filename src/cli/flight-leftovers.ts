/** Rings that recorders left behind that were killed: what they kept is saved as they were told to keep it, and the ring goes. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { partsIn } from '../collector/ring.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { CaptureReader } from '../store/reader.ts';
import { saveElsewhere } from './flight-order.ts';
import type { SaveOrder } from './flight-save.ts';

const RING = /^\.(?:ring|left)-([0-9]+)/;

export class Leftovers {
  readonly #folder: string;
  /** Renamed: this process may have the number of the one that was killed, as in a container that is started again. */
  readonly #left: readonly string[];

  constructor(folder: string) {
    this.#folder = folder;
    this.#left = readdirSync(folder)
      .filter((name) => RING.test(name) && (name.startsWith('.left') || !isRunning(Number(RING.exec(name)![1]))))
      .map((name, i) => this.#takeAway(name, i));
  }

  #takeAway(name: string, i: number): string {
    if (name.startsWith('.left')) return join(this.#folder, name);
    const target = join(this.#folder, `.left-${RING.exec(name)![1]}-${Date.now()}-${i}`);
    renameSync(join(this.#folder, name), target);
    return target;
  }

  /** Each as a capture with its explanation; what cannot be saved stays, and is told. */
  async save(): Promise<void> {
    for (const ring of this.#left) {
      const { order, unreadable } = orderOf(ring, this.#folder);
      for (const reason of unreadable) say(`of a ring that a killed recorder left, trowel repair may get something: ${reason}`);
      const trouble = order === null ? null : await saveElsewhere(order);
      if (trouble !== null) say(`${ring}, which a killed recorder left, could not be saved: ${trouble}`);
      else {
        if (order !== null) say(`saved ${order.path}: the recorder before was killed, and left it`);
        removeParts(order?.parts ?? []);
        if (unreadable.length === 0) rmSync(ring, { recursive: true, force: true });
      }
    }
  }
}

function removeParts(paths: readonly string[]): void {
  for (const path of paths) for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

function isRunning(pid: number): boolean {
  if (pid === process.pid || !existsSync(`/proc/${pid}`)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('\0record\0');
  } catch {
    return true; // there, and not ours to look at
  }
}

/** Order null: there is no event in it. */
function orderOf(ring: string, folder: string): { order: SaveOrder | null; unreadable: string[] } {
  const unreadable: string[] = [];
  const parts: { path: string; from: number; to: number; name: string }[] = [];
  for (const path of partsIn(ring)) {
    try {
      const capture = new CaptureReader(path);
      const { epoch, meta } = capture;
      const last = capture.last();
      const seconds = new Date(Number(epoch / 1_000_000n) + (last?.time ?? 0) / 1e6).toISOString().slice(0, 19);
      const name = `${(meta.hostname ?? '').replace(/[^A-Za-z0-9.-]/g, '_')}-${seconds.replaceAll(':', '-')}`;
      if (last !== null) parts.push({ path, from: Number(meta.begin ?? 0), to: last.time, name });
      capture.close();
    } catch (error) {
      unreadable.push(sanitize((error as Error).message));
    }
  }
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return { order: null, unreadable };
  const reasons = [{ trigger: 'the recorder was killed', time: last.to, num: null }];
  const paths = parts.map(({ path }) => path);
  return { order: { parts: paths, path: freePath(folder, last.name), from: first.from, to: last.to, reasons, killed: true }, unreadable };
}

function freePath(folder: string, name: string): string {
  for (let n = 1; ; n++) {
    const path = join(folder, `${name}-killed${n === 1 ? '' : `-${n}`}.trowel`);
    if (!existsSync(path)) return path;
  }
}
