/** `trowel record`: probe, collector and store in one command. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costShare, costText, type OwnCost } from '../capture/own-cost.ts';
import type { NodeSource } from '../collector/node-source.ts';
import { CostMeter } from '../collector/own-cost.ts';
import { atOrdinaryPriority, raiseBy, raisePriority } from '../collector/priority.ts';
import { pushedOf, pushedText } from '../collector/pushdown.ts';
import type { RecorderTotals } from '../collector/recorder.ts';
import { CollectorServer } from '../collector/server.ts';
import { Session } from '../collector/session.ts';
import { Shedder } from '../collector/shedding.ts';
import type { Bye } from '../collector/wire.ts';
import { compileFilter } from '../filter/compile.ts';
import { expanded } from '../filter/definitions.ts';
import { planFilter } from '../filter/planner.ts';
import { withPackets } from '../filter/with-packets.ts';
import type { Family } from '../model/calls.ts';
import { RULES, redactArgs } from '../model/redact.ts';
import { newTables } from '../model/rows.ts';
import { jsonText } from '../output/printable.ts';
import { StatusLine, say } from '../output/stderr.ts';
import type { User } from '../store/owner.ts';
import { LogLeft } from '../store/writer.ts';
import { Broker } from './broker/client.ts';
import { definitions } from './definitions.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import type { FlightOptions, RotationOptions } from './flight-options.ts';
import { nodeSource } from './look-at-node.ts';
import { isBroken, lostText } from './lost.ts';
import { keepRecorderSmall } from './memory.ts';
import { type Place, placeOf } from './place.ts';
import { ProbeProcess } from './probe-process.ts';
import { configOf, kubeOptions, limitMs, redactRules } from './record-config.ts';
import { parseShare } from './size.ts';
import { becomeUser, brokeredProbe, type Own, orderOf, ownUser, type Probe } from './under-sudo.ts';

export interface RecordOptions extends FlightOptions, RotationOptions {
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
  /** False: the node's network is not looked at. */
  readonly node: boolean;
  /** The network namespace that counts as the node's: a name below /run/netns, a pid, or a path. */
  readonly netns?: string;
  /** Secrets are not stored; a text: the file with rules of one's own. */
  readonly redact?: string | true;
  readonly json?: boolean;
  /** Share of one CPU, such as 5%. */
  readonly maxCpu?: string;
  /** Only the command behind `--` and what it starts. */
  readonly onlyCommand?: boolean;
  /** A process whose events are left out, beside our own: the screen that shows them. */
  readonly excludePid?: number;
  /** Directories of cgroups: only what is in them, or below. */
  readonly cgroup?: readonly string[];
  readonly command: readonly string[];
}

const PROGRESS_EVERY_MS = 500;
/** Over which it is measured what recording costs: for those who look at the screen, and for --max-cpu. */
const COST_EVERY_MS = 1000;
/** How long the probe may take to drain and to say goodbye. */
const GOODBYE_MS = 10_000;

export async function record(filterText: string, options: RecordOptions): Promise<void> {
  keepRecorderSmall();
  const asked = expanded(filterText, definitions());
  compileFilter(asked, { dims: newTables(), epoch: 0n, hostname: '', growing: false }); // a mistake must show before anything is started
  if (options.maxCpu !== undefined) parseShare('--max-cpu', options.maxCpu);
  if (options.events === 0) throw new UsageError('-n takes numbers from 1 on');
  limitMs(options); // a mistake of it, likewise
  const filter = withPackets(asked);
  const place = placeOf(options);
  const folder = mkdtempSync(join(tmpdir(), 'trowel-'));
  const socket = join(folder, 'collector.sock');
  const own = ownUser(place.path, 'collector');
  const broker = own.user === null ? null : new Broker(orderOf(options, folder, socket, place));
  try {
    await new Recording(place, filter, options, socket, broker, own).run();
  } finally {
    if (broker === null) rmSync(folder, { recursive: true, force: true });
    else await broker.end(); // the folder is root's, and goes with it
  }
}

/** One run of the command: starts the parts in order, ends them in order, and tells what happened. */
class Recording {
  readonly #place: Place;
  readonly #options: RecordOptions;
  readonly #address: string;
  readonly #server: CollectorServer;
  readonly #ended = Promise.withResolvers<{ bye: Bye | null; error: Error | null }>();
  readonly #ready = Promise.withResolvers<void>();
  /** What of the filter the kernel decides; null: there is no filter. */
  readonly #pushed: readonly string[] | null;
  /** ms after which it ends; null: there is no such limit. */
  readonly #limit: number | null;
  readonly #node: NodeSource | null;
  readonly #broker: Broker | null;
  readonly #own: User | null;
  readonly #status = new StatusLine();
  #session: Session | null = null;
  #totals: RecorderTotals | null = null;
  #interrupted = false;
  #meter: CostMeter | null = null;
  /** The command behind `--`, while it runs. */
  #command: ChildProcess | null = null;

  constructor(place: Place, filter: string, options: RecordOptions, socket: string, broker: Broker | null, { user, whyRoot }: Own) {
    this.#broker = broker;
    this.#own = user;
    this.#place = place;
    const { path, rotation, flight } = place;
    const segments = rotation ?? flight?.ring;
    this.#options = options;
    this.#address = `unix:${socket}`;
    const config = configOf(options, broker?.pid);
    const redact = redactRules(options.redact);
    this.#limit = limitMs(options);
    this.#pushed = filter === '' ? null : pushedText(pushedOf(planFilter(filter).plan));
    this.#node = options.node ? nodeSource(options.netns, broker) : null;
    this.#server = new CollectorServer((control) => {
      const session = new Session(
        {
          path,
          filter,
          config,
          command:
            redact === undefined ? process.argv.slice(2).join(' ') : redactArgs(process.argv.slice(2), [...RULES, ...redact]).join(' '),
          ...(redact === undefined ? {} : { redact }),
          ...(whyRoot === null ? {} : { root: whyRoot }),
          ...(options.k8s ? { kube: broker === null ? kubeOptions(options) : {} } : {}),
          ...(broker === null ? {} : { namesBy: broker.names }),
          ...(this.#node === null ? {} : { node: this.#node }),
          ...(segments === undefined ? {} : { segments }),
          ...(flight === null ? {} : { triggers: flight.triggers, onTrigger: (hit) => flight.hit(hit) }),
          onReady: () => {
            void flight?.start(session).catch((error: Error) => say(`trowel snapshot will not find this recorder: ${error.message}`));
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
    await this.#node?.first; // what it starts is over before anything is recorded
    try {
      await this.#giveUpRoot();
      const probe = this.#broker === null ? new ProbeProcess(this.#address) : brokeredProbe(this.#broker);
      raisePriority();
      try {
        await this.#record(probe, signalled);
      } finally {
        await probe.end();
      }
    } finally {
      await this.#server.close();
    }
  }

  /** For good, before the probe says anything. */
  async #giveUpRoot(): Promise<void> {
    const [own, broker] = [this.#own, this.#broker];
    if (own === null || broker === null) return;
    await this.#place.flight?.listen();
    raisePriority();
    raiseBy(() => broker.ask('raise'));
    becomeUser(own);
  }

  async #record(probe: Probe, signalled: Promise<number>): Promise<void> {
    const early = probe.exited.then((code) => {
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
    if (probe.pid !== undefined) this.#meter = new CostMeter(probe.pid, this.#broker);
    const progress = this.#showProgress();
    const cost = this.#watchCost();
    const commandCode = await this.#untilEnd(probe.exited, signalled).finally(async () => {
      clearInterval(progress);
      clearInterval(cost);
      this.#broker?.ask('end-command');
      this.#command?.kill('SIGTERM'); // it was started for the recording, and ends with it
      await this.#place.flight?.settle();
      if (this.#meter !== null) this.#session?.setCost(this.#meter.total());
      this.#session?.stop();
    });
    const outcome = await Promise.race([this.#ended.promise, timeout(GOODBYE_MS)]);
    await probe.end();
    await this.#server.close();
    await this.#place.flight?.conclude();
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
    if (this.#broker !== null) return this.#askForCommand(this.#broker, file!);
    const child = atOrdinaryPriority(() => spawn(file!, args, { stdio: 'inherit' }));
    this.#command = child;
    if (child.pid !== undefined) this.#session?.setCommand(child.pid);
    return new Promise((resolve, reject) => {
      child.on('error', (error) => reject(new Exit(EXIT.FAILED, `${file} could not be started: ${error.message}`)));
      child.on('exit', (code) => {
        this.#command = null;
        resolve(code ?? EXIT.FAILED);
      });
    });
  }

  #askForCommand(broker: Broker, file: string): Promise<number> {
    const { command } = broker;
    broker.ask('command');
    command.started.then((pid) => this.#session?.setCommand(pid)).catch(() => {});
    return command.exited.catch((error: Error) => {
      throw new Exit(EXIT.FAILED, `${file} could not be started: ${error.message}`);
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
    let costBefore: OwnCost | undefined;
    const show = () => {
      const totals = this.#session?.totals;
      if (totals === null || totals === undefined) return;
      const rate = ((totals.events - before) * 1000) / PROGRESS_EVERY_MS;
      before = totals.events;
      const { pods, sourceErrors } = this.#session!.names;
      const lost = `${totals.lost > 0 ? `  lost ${totals.lost}` : ''}${pods > 0 ? `  ${pods} pods` : ''}${sourceErrors.length > 0 ? `  ${sourceErrors.join('; ')}` : ''}`;
      const cost = this.#meter?.total();
      const own = cost === undefined ? '' : `  ${costText(cost, costBefore)}`;
      costBefore = cost;
      this.#status.show(`recording  ${totals.events} events  ${rate.toFixed(0)}/s  ${(totals.bytes / 1024).toFixed(0)} KiB${lost}${own}`);
    };
    return setInterval(this.#status.isSeen ? show : () => {}, PROGRESS_EVERY_MS);
  }

  /** Says in the capture what recording costs, and records less where that is more than it may. */
  #watchCost(): NodeJS.Timeout {
    const { maxCpu } = this.#options;
    const shedder = maxCpu === undefined ? null : new Shedder(parseShare('--max-cpu', maxCpu));
    let before: OwnCost | undefined;
    return setInterval(() => {
      const cost = this.#meter?.total();
      if (cost === undefined) return;
      this.#session?.setCost(cost);
      if (shedder?.look(costShare(cost, before)) === true) this.#shed(shedder.families, costShare(cost, before));
      before = cost;
    }, COST_EVERY_MS);
  }

  #shed(families: readonly Family[], share: number): void {
    this.#session?.shed(families);
    const what = families.length === 0 ? 'all is recorded again' : `not recorded from now on: ${families.join(', ')}`;
    say(`recording took ${(100 * share).toFixed(1)} % of a CPU, and may take ${this.#options.maxCpu}: ${what}`);
  }

  #placeText(): string {
    const { name, rotation, flight } = this.#place;
    if (flight !== null) return `${name}: ${flight.summary}`;
    return rotation === null ? name : rotation.files.length === 1 ? rotation.files[0]! : `${rotation.files[0]} to ${rotation.files.at(-1)}`;
  }

  #report({ bye, error }: { bye: Bye | null; error: Error | null }, commandCode: number): void {
    this.#status.end();
    const totals = this.#totals ?? { events: 0, stored: 0, lost: 0, bytes: 0 };
    const broke = isBroken(bye, error);
    if (this.#options.json === true) {
      const blindSpots = this.#session?.blindSpots ?? [];
      process.stdout.write(
        `${jsonText({ file: this.#place.name, ...totals, complete: !broke, state: broke ? 'broke off' : 'complete', blindSpots })}\n`,
      );
    } else {
      const { pods, sourceErrors } = this.#session?.names ?? { pods: 0, sourceErrors: [] };
      const names = `${pods > 0 ? `, ${pods} pods known` : ''}${sourceErrors.length > 0 ? `; ${sourceErrors.join('; ')}` : ''}`;
      say(`${this.#placeText()}: ${totals.stored} events, ${lostText(totals.lost, broke)}${names}`);
    }
    if (!broke) this.#place.flight?.ring.remove(); // otherwise it is all that there is of the last moments
    if (error instanceof LogLeft) throw new Exit(EXIT.FAILED, error.message);
    if (error !== null) throw new Exit(EXIT.FAILED, `the recording broke off: ${error.message}`);
    if (this.#broker?.isGone === true)
      throw new Exit(EXIT.FAILED, `the recording ended early: its broker ${this.#broker.pid}, which stays root for it, is gone`);
    if (bye === null) throw new Exit(EXIT.FAILED, 'the probe broke off; what it had sent is in the capture');
    if (this.#interrupted) throw new Exit(EXIT.INTERRUPTED);
    if (commandCode !== 0) throw new Exit(commandCode, `the command ended with ${commandCode}`);
  }
}

function timeout(ms: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), ms).unref();
  });
}
