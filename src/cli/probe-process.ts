/** The probe of `trowel record`: started with the privileges that it gives up itself, and made to go when it hangs, which takes them again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../model/package-root.ts';
import { say } from '../output/stderr.ts';
import { EXIT, Exit } from './exit.ts';

/** How long it may take to end by itself, and then after each signal. */
const EXIT_MS = 1_000;

/** Where it is: built here, or packed by scripts/package.mjs. */
const PROBES = ['native/build/trowel-probe', `native/prebuilt/${process.platform}-${process.arch}/trowel-probe`] as const;

export class ProbeProcess {
  readonly #process: ChildProcess;
  /** Its exit code. */
  readonly exited: Promise<number>;

  /** `address`: where the collector listens. Throws Exit where there is no probe. */
  constructor(address: string) {
    this.#process = startProbe(address);
    this.exited = new Promise((resolve) => {
      this.#process.on('exit', (code) => resolve(code ?? EXIT.FAILED));
      this.#process.on('error', (error) => {
        say(`trowel: the probe could not be started: ${error.message}`);
        resolve(EXIT.FAILED);
      });
    });
  }

  /** Undefined: it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Waits for it to go, and makes it go when it does not. */
  async end(): Promise<void> {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if ((await Promise.race([this.exited, timeout(EXIT_MS)])) !== null) return;
      this.#process.kill(signal);
    }
    await this.exited;
  }
}

function startProbe(address: string): ChildProcess {
  const path = process.env.TROWEL_PROBE ?? PROBES.map((place) => join(packageRoot(), place)).find(existsSync) ?? '';
  if (!existsSync(path)) throw new Exit(EXIT.FAILED, noProbe(path));
  return spawn(path, [address], { stdio: ['ignore', 'ignore', 'inherit'], detached: true });
}

function noProbe(path: string): string {
  if (path !== '') return `there is no probe at ${path}`;
  const { platform, arch } = process;
  if (platform !== 'linux') return `recording needs Linux; on ${platform}, captures are replayed`;
  return `there is no probe at ${join(packageRoot(), PROBES[0])}, and this package has none for ${arch}: run make build`;
}

function timeout(ms: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), ms).unref();
  });
}
