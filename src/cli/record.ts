/** `trowel record`: probe, collector and store in one command. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { KubeOptions } from '../collector/kube-source.ts';
import { FAMILIES_WITHOUT_NET, pushedOf, pushedText } from '../collector/pushdown.ts';
import type { RecorderTotals } from '../collector/recorder.ts';
import { CollectorServer } from '../collector/server.ts';
import { Session } from '../collector/session.ts';
import type { Bye, Config } from '../collector/wire.ts';
import { compileFilter } from '../filter/compile.ts';
import { expanded } from '../filter/definitions.ts';
import { planFilter } from '../filter/planner.ts';
import { findAccess, KubeConfigError } from '../kube/config.ts';
import { packageRoot } from '../model/package-root.ts';
import { newTables } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { jsonText } from '../output/printable.ts';
import { StatusLine, say } from '../output/stderr.ts';
import { cgroupTrouble } from './cgroup.ts';
import { definitions } from './definitions.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { lostText } from './lost.ts';
import { parseSpan } from './span.ts';
import { newTarget } from './target.ts';

export interface RecordOptions {
  readonly write?: string;
  readonly for?: string;
  readonly events?: number;
  readonly seconds?: number;
  readonly snaplen: number;
  readonly waitOver: string;
  readonly latency: boolean;
  /** False: no names of containers and pods are looked for. */
  readonly k8s: boolean;
  readonly kubeconfig?: string;
  /** URL of the Kubernetes API. */
  readonly api?: string;
  readonly cri?: string;
  readonly docker?: string;
  /** False: what the kernel says of connections is left out. */
  readonly net: boolean;
  readonly json?: boolean;
  /** Only the command behind `--` and what it starts. */
  readonly onlyCommand?: boolean;
  /** A process whose events are left out, beside our own: the screen that shows them. */
  readonly excludePid?: number;
  /** Directories of cgroups: only what is in them, or below. */
  readonly cgroup?: readonly string[];
  readonly command: readonly string[];
}

const MAX_SNAPLEN = 16_384;
const SNAPLEN_WHOLE = 4096;
const PROGRESS_EVERY_MS = 500;
/** How long the probe may take to drain and to say goodbye, and then to end. */
const GOODBYE_MS = 10_000;
const PROBE_EXIT_MS = 1_000;

export async function record(filterText: string, options: RecordOptions): Promise<void> {
  const filter = expanded(filterText, definitions());
  compileFilter(filter, { dims: newTables(), epoch: 0n, hostname: '', growing: false }); // a mistake must show before anything is started
  const path = newTarget(options.write ?? defaultPath());
  const folder = mkdtempSync(join(tmpdir(), 'trowel-'));
  const recording = new Recording(path, filter, options, join(folder, 'collector.sock'));
  try {
    await recording.run();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One run of the command: starts the parts in order, ends them in order, and tells what happened. */
class Recording {
  readonly #path: string;
  readonly #options: RecordOptions;
  readonly #address: string;
  readonly #server: CollectorServer;
  readonly #ended = Promise.withResolvers<{ bye: Bye | null; error: Error | null }>();
  readonly #ready = Promise.withResolvers<void>();
  /** What of the filter the kernel decides; null: there is no filter. */
  readonly #pushed: readonly string[] | null;
  /** ms after which it ends; null: there is no such limit. */
  readonly #limit: number | null;
  readonly #status = new StatusLine();
  #session: Session | null = null;
  #totals: RecorderTotals | null = null;
  #interrupted = false;
  /** The command behind `--`, while it runs. */
  #command: ChildProcess | null = null;

  constructor(path: string, filter: string, options: RecordOptions, socket: string) {
    this.#path = path;
    this.#options = options;
    this.#address = `unix:${socket}`;
    const config = configOf(options);
    this.#limit = limitMs(options);
    this.#pushed = filter === '' ? null : pushedText(pushedOf(planFilter(filter).plan));
    this.#server = new CollectorServer((control) => {
      const session = new Session(
        {
          path,
          filter,
          config,
          command: process.argv.slice(2).join(' '),
          ...(options.k8s ? { kube: kubeOptions(options) } : {}),
          onReady: () => {
            this.#tellFilter();
            this.#tellBlindSpots();
            this.#ready.resolve();
          },
          onEnd: (bye, error) => {
            this.#totals = session.totals;
            this.#ended.resolve({ bye, error });
          },
        },
        control,
      );
      this.#session = session;
      return session;
    });
  }

  async run(): Promise<void> {
    const signalled = this.#signal();
    await this.#server.listen(this.#address);
    try {
      const probe = startProbe(this.#address);
      const exited = new Promise<number>((resolve) => probe.on('exit', (code) => resolve(code ?? EXIT.FAILED)));
      try {
        await this.#record(probe, exited, signalled);
      } finally {
        await endProbe(probe, exited);
      }
    } finally {
      this.#server.close();
    }
  }

  async #record(probe: ChildProcess, exited: Promise<number>, signalled: Promise<number>): Promise<void> {
    const early = exited.then((code) => {
      throw new Exit(code === EXIT.PRIVILEGE ? EXIT.PRIVILEGE : EXIT.FAILED, 'the probe ended before it began to record');
    });
    early.catch(() => {}); // once recording has begun, its end is awaited below
    const unwritten = this.#ended.promise.then(async ({ error }) => {
      if (error === null) return early;
      throw new Exit(EXIT.FAILED, error.message);
    });
    unwritten.catch(() => {});
    const stopped = signalled.then(() => {
      throw new Exit(this.#interrupted ? EXIT.INTERRUPTED : EXIT.FAILED, 'ended before it began to record');
    });
    stopped.catch(() => {});
    await Promise.race([this.#ready.promise, unwritten, early, stopped]);
    const progress = this.#showProgress();
    const commandCode = await this.#untilEnd(exited, signalled).finally(() => {
      clearInterval(progress);
      this.#command?.kill('SIGTERM'); // it was started for the recording, and ends with it
      this.#session?.stop();
    });
    const outcome = await Promise.race([this.#ended.promise, timeout(GOODBYE_MS)]);
    await endProbe(probe, exited);
    this.#server.close();
    this.#report(outcome ?? (await this.#ended.promise), commandCode);
  }

  /** Waits for whatever ends the recording first; gives the exit code of the command behind `--`. */
  async #untilEnd(probeExited: Promise<number>, signalled: Promise<number>): Promise<number> {
    const { command, events } = this.#options;
    const ends: Promise<number>[] = [this.#ended.promise.then(() => 0), probeExited.then(() => 0), signalled];
    if (this.#limit !== null) ends.push(timeout(this.#limit).then(() => 0));
    if (command.length > 0) ends.push(this.#runCommand(command));
    if (events !== undefined) ends.push(this.#untilEvents(events));
    return Promise.race(ends);
  }

  #signal(): Promise<number> {
    return new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.once(signal, () => {
          this.#interrupted = signal === 'SIGINT';
          resolve(0);
        });
      }
    });
  }

  #runCommand([file, ...args]: readonly string[]): Promise<number> {
    const child = spawn(file!, args, { stdio: 'inherit' });
    this.#command = child;
    return new Promise((resolve, reject) => {
      child.on('error', (error) => reject(new Exit(EXIT.FAILED, `${file} could not be started: ${error.message}`)));
      child.on('exit', (code) => {
        this.#command = null;
        resolve(code ?? EXIT.FAILED);
      });
    });
  }

  #untilEvents(wanted: number): Promise<number> {
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        if ((this.#session?.totals?.stored ?? 0) < wanted) return;
        clearInterval(timer);
        resolve(0);
      }, 50);
      timer.unref();
    });
  }

  #tellFilter(): void {
    if (this.#pushed === null || this.#options.json === true) return;
    const kernel = this.#pushed.length === 0 ? 'none' : this.#pushed.join(' and ');
    say(`kernel pushdown: ${kernel}; the whole filter runs in the collector`);
  }

  /** What will be missing whatever happens, before anybody waits for it. */
  #tellBlindSpots(): void {
    for (const { what, reason, usual } of this.#session?.blindSpots ?? []) {
      if (!usual) say(`not seen: ${what}${reason === '' ? '' : ` (${reason})`}`);
    }
  }

  /** A line that is written over and over, on a terminal only. */
  #showProgress(): NodeJS.Timeout {
    let before = 0;
    const show = () => {
      const totals = this.#session?.totals;
      if (totals === null || totals === undefined) return;
      const rate = ((totals.events - before) * 1000) / PROGRESS_EVERY_MS;
      before = totals.events;
      const { pods, troubles } = this.#session!.names;
      const lost = `${totals.lost > 0 ? `  lost ${totals.lost}` : ''}${pods > 0 ? `  ${pods} pods` : ''}${troubles.length > 0 ? `  ${troubles.join('; ')}` : ''}`;
      this.#status.show(`recording  ${totals.events} events  ${rate.toFixed(0)}/s  ${(totals.bytes / 1024).toFixed(0)} KiB${lost}`);
    };
    return setInterval(this.#status.isSeen ? show : () => {}, PROGRESS_EVERY_MS);
  }

  #report({ bye, error }: { bye: Bye | null; error: Error | null }, commandCode: number): void {
    this.#status.end();
    const totals = this.#totals ?? { events: 0, stored: 0, lost: 0, bytes: 0 };
    const broke = bye === null || error !== null;
    if (this.#options.json === true) {
      const blindSpots = this.#session?.blindSpots ?? [];
      process.stdout.write(
        `${jsonText({ file: this.#path, ...totals, complete: !broke, state: broke ? 'broke off' : 'complete', blindSpots })}\n`,
      );
    } else {
      const { pods, troubles } = this.#session?.names ?? { pods: 0, troubles: [] };
      const names = `${pods > 0 ? `, ${pods} pods known` : ''}${troubles.length > 0 ? `; ${troubles.join('; ')}` : ''}`;
      say(`${this.#path}: ${totals.stored} events, ${lostText(totals.lost, broke)}${names}`);
    }
    if (error !== null) throw new Exit(EXIT.FAILED, `the recording broke off: ${error.message}`);
    if (bye === null) throw new Exit(EXIT.FAILED, 'the probe broke off; what it had sent is in the capture');
    if (this.#interrupted) throw new Exit(EXIT.INTERRUPTED);
    if (commandCode !== 0) throw new Exit(commandCode, `the command ended with ${commandCode}`);
  }
}

function defaultPath(): string {
  return `trowel-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.trowel`;
}

function configOf(options: RecordOptions): Config {
  if (options.onlyCommand === true && options.command.length === 0) throw new UsageError('--only-command needs a command behind --');
  if (options.snaplen > MAX_SNAPLEN) throw new UsageError(`-s takes at most ${MAX_SNAPLEN} bytes, not ${options.snaplen}`);
  return {
    ...(options.cgroup === undefined ? {} : { cgroups: options.cgroup.map(cgroupId) }),
    ...(options.net ? {} : { families: FAMILIES_WITHOUT_NET }),
    snaplen: options.snaplen,
    snaplenWhole: Math.max(options.snaplen, SNAPLEN_WHOLE),
    waitOverNs: parseSpan('--wait-over', options.waitOver),
    latency: options.latency,
    excludePids: options.excludePid === undefined ? [process.pid] : [process.pid, options.excludePid],
    ...(options.onlyCommand === true ? { pids: [process.pid] } : {}),
  };
}

/** What the user named must be right; what is found by itself and is not, leaves pods without the names of the API. */
function kubeOptions({ kubeconfig, api, cri, docker }: RecordOptions): KubeOptions {
  const named = { ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(api === undefined ? {} : { url: api }) };
  const sockets = { ...(cri === undefined ? {} : { cri }), ...(docker === undefined ? {} : { docker }) };
  try {
    findAccess(named);
    return { ...named, ...sockets };
  } catch (error) {
    if (!(error instanceof KubeConfigError)) throw error;
    if (Object.keys(named).length > 0) throw new UsageError(error.message);
    say(`no names from the Kubernetes API: ${error.message}`);
    return { ...sockets, noApi: true };
  }
}

/** A cgroup's id is the inode of its directory. */
function cgroupId(path: string): string {
  let id: string;
  try {
    id = statSync(path, { bigint: true }).ino.toString();
  } catch {
    throw new UsageError(`--cgroup takes the path of a cgroup's directory below /sys/fs/cgroup, not ${path}`);
  }
  const trouble = cgroupTrouble(resolve(path), statfsSync(path).type, statfsSync('/sys/fs/cgroup').type);
  if (trouble !== null) throw new UsageError(`--cgroup ${path}: ${trouble}`);
  return id;
}

function limitMs({ for: span, seconds }: RecordOptions): number | null {
  if (span !== undefined) return parseSpan('--for', span) / (SECOND / 1000);
  return seconds === undefined ? null : seconds * 1000;
}

function startProbe(address: string): ChildProcess {
  const path = process.env.TROWEL_PROBE ?? join(packageRoot(), 'native/build/trowel-probe');
  if (!existsSync(path)) throw new Exit(EXIT.FAILED, `there is no probe at ${path}: run make build`);
  return spawn(path, [address], { stdio: ['ignore', 'ignore', 'inherit'], detached: true });
}

/** Waits for the probe to go, and makes it go when it does not. */
async function endProbe(probe: ChildProcess, exited: Promise<number>): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if ((await Promise.race([exited, timeout(PROBE_EXIT_MS)])) !== null) return;
    probe.kill(signal);
  }
  await exited;
}

function timeout(ms: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), ms).unref();
  });
}
