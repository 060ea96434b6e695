/** One recording: starts when its probe is ready, is flushed on a timer, ends with the stream. */
import type { BlindSpot } from '../capture/blind-spots.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { type OwnCost, programsText } from '../capture/own-cost.ts';
import { planFilter } from '../filter/planner.ts';
import { FAMILIES, type Family } from '../model/calls.ts';
import type { Rule } from '../model/redact.ts';
import { isHere } from './here.ts';
import { KubeSource, type NamesBy } from './kube-source.ts';
import type { KubeOptions } from './name-sources.ts';
import type { NodeSource } from './node-source.ts';
import { pushedConfig, pushedOf } from './pushdown.ts';
import { Recorder, type RecorderTotals } from './recorder.ts';
import type { SegmentState, Segments } from './segments.ts';
import type { ProbeControl, ProbeHandler } from './server.ts';
import type { NamesOf, SharedNames } from './shared-names.ts';
import type { TriggerHit } from './triggers.ts';
import { takeUsers, usersMeta } from './users.ts';
import { WireError } from './validate.ts';
import type { BatchDef, Bye, Config, Hello, Ready } from './wire.ts';

/** Readers see an event at most this long after it happened, give or take the probe's own batches. */
const FLUSH_EVERY_MS = 250;
/** `io` is of whichever family its descriptor is. */
const ALL_FAMILIES: readonly string[] = FAMILIES.filter((family) => family !== 'io');

export interface SessionOptions {
  /** Where to write, or how to tell once the probe has said who it is. */
  readonly path: string | ((hello: Hello) => string);
  /** Only matching events are stored; empty: all. What the kernel can decide of it, the probe does. */
  readonly filter: string;
  /** What is recorded, whatever the filter. */
  readonly config: Config;
  /** How it was started, for the capture's own record. */
  readonly command: string;
  /** Where names of containers and pods come from; absent: from nowhere but the cgroups. */
  readonly kube?: KubeOptions;
  /** Who asks these; absent: this process. */
  readonly namesBy?: NamesBy;
  /** The same, of a collector's many recordings. */
  readonly names?: SharedNames;
  /** What is secret is not stored: rules beside those that there are; absent: everything is stored. */
  readonly redact?: readonly Rule[];
  /** Why the process that stores it kept root's power though a user was to be had; absent: it did not. */
  readonly root?: string;
  /** Looks at the node's network; absent: nobody does. */
  readonly node?: NodeSource;
  /** Where it goes on when a file is full; absent: one file holds everything. */
  readonly segments?: Segments;
  /** Filters that `onTrigger` is told of when an event matches. */
  readonly triggers?: readonly string[];
  readonly onTrigger?: (hit: TriggerHit) => void;
  /** The hooks are attached. */
  readonly onReady?: (ready: Ready) => void;
  /** The recording is over and its file closed. `bye` null: the probe broke off. `error`: the capture could not be written. */
  readonly onEnd: (bye: Bye | null, error: Error | null) => void;
}

export class Session implements ProbeHandler {
  readonly #options: SessionOptions;
  readonly #control: ProbeControl;
  #recorder: Recorder | null = null;
  #kube: NamesOf | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;
  #filter: string;
  #shed: readonly Family[] = [];

  constructor(options: SessionOptions, control: ProbeControl) {
    this.#options = options;
    this.#filter = options.filter;
    this.#control = control;
  }

  /** Null until the probe is ready. */
  get totals(): RecorderTotals | null {
    return this.#recorder?.totals ?? null;
  }

  /** How many pods have names, and which sources of names fail. */
  get names(): { readonly pods: number; readonly sourceErrors: readonly string[] } {
    return { pods: this.#kube?.pods ?? 0, sourceErrors: this.#kube?.sourceErrors ?? [] };
  }

  /** What the recording cannot show; none before it has begun. */
  get blindSpots(): readonly BlindSpot[] {
    return this.#recorder?.blindSpots ?? [];
  }

  /** The command that the recording is made for runs, as that process. */
  setCommand(pid: number): void {
    this.#recorder?.setCommand(pid);
  }

  /** What recording cost so far. */
  setCost(cost: OwnCost): void {
    if (!this.#ended) this.#guarded(() => this.#recorder?.setCost(JSON.stringify(cost)));
  }

  stop(): void {
    this.#control.stop();
  }

  /** What is in the file that is being written; null before it has begun. */
  get segment(): SegmentState | null {
    return this.#recorder?.segment ?? null;
  }

  /** Stores what has come and goes on in the next file. */
  rotate(): void {
    if (this.#ended) return;
    this.#guarded(() => {
      this.#recorder?.flush();
      this.#recorder?.rotate();
    });
  }

  /** From now on other events are kept, those on their way included. Throws FilterError, and all stays as it was. */
  refilter(filter: string): void {
    const config = this.#configFor(filter);
    this.#recorder?.refilter(filter);
    this.#filter = filter;
    this.#control.configure(config);
  }

  /** Families are not recorded from now on, or again: it may not cost what it does. */
  shed(families: readonly Family[]): void {
    if (this.#ended || this.#recorder === null) return;
    this.#shed = families;
    this.#guarded(() => this.#recorder?.setShed(families));
    this.#control.configure(this.#configFor(this.#filter));
  }

  hello(_hello: Hello): Config {
    return this.#configFor(this.#options.filter);
  }

  ready(hello: Hello, ready: Ready): void {
    if (this.#recorder !== null) throw new WireError('Ready came twice');
    const { path, filter, command, config, kube, names, node, redact, root, segments, triggers, onTrigger } = this.#options;
    const epoch = epochOf(hello, ready);
    this.#recorder = new Recorder({
      path: typeof path === 'string' ? path : path(hello),
      filter,
      epoch,
      meta: {
        ...metaOf(hello, ready, config, command),
        ...(kube === undefined && names === undefined ? { k8s: 'off' } : {}),
        ...(root === undefined ? {} : { root }),
      },
      ownNetwork: isHere(hello) && (config.pids ?? []).length > 0,
      ...(redact === undefined ? {} : { redact }),
      ...(segments === undefined ? {} : { segments }),
      ...(triggers === undefined ? {} : { triggers }),
      ...(onTrigger === undefined ? {} : { onTrigger }),
    });
    takeUsers(this.#recorder.tables, ready);
    if (kube !== undefined) {
      this.#kube = new KubeSource(this.#recorder.tables, epoch, kube, this.#options.namesBy);
    } else if (names !== undefined) {
      this.#kube = names.of(this.#recorder.tables, epoch, hello.hostname);
    }
    this.#kube?.start();
    node?.begin(this.#recorder.tables, epoch);
    this.#timer = setInterval(() => this.#guarded(() => this.#recorder?.flush()), FLUSH_EVERY_MS);
    this.#options.onReady?.(ready);
  }

  batch(batch: BatchDef): void {
    this.#recorder?.add(batch);
  }

  ended(bye: Bye | null, error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    const names = this.#kube?.stop();
    const { node } = this.#options;
    if (this.#recorder === null || (node === undefined && names === undefined)) this.#close(bye, error);
    else void Promise.all([names, node?.end()]).then(() => this.#close(bye, error));
  }

  #close(bye: Bye | null, error: Error | null): void {
    const { node } = this.#options;
    let failure = error;
    try {
      if (node !== undefined) this.#recorder?.setNodeMissing(node.missing, node.netns);
      if (this.#kube !== null) this.#recorder?.setSourceErrors(this.#kube.sourceErrors);
      if (bye === null || error !== null) this.#recorder?.breakOff(error?.message ?? 'the probe ended without a goodbye');
      else {
        if (bye.programs.length > 0) this.#recorder?.setPrograms(programsText(bye.programs));
        this.#recorder?.finish(bye.endNs);
      }
    } catch (closing) {
      failure ??= closing as Error;
    }
    this.#options.onEnd(bye, failure);
  }

  /** What the user asked for by an option goes before what his filter says. */
  #configFor(filter: string): Config {
    const pushed = (this.#options.triggers ?? []).length > 0 ? {} : pushedOf(planFilter(filter).plan); // triggers ask of everything
    const config = { ...pushedConfig(pushed), ...this.#options.config };
    if (this.#shed.length === 0) return config;
    const families = config.families ?? ALL_FAMILIES;
    return { ...config, families: families.filter((family) => !this.#shed.some((shed) => shed === family)) };
  }

  /** What goes wrong outside the stream's own calls, a full disk above all, ends the recording; what was written before stays. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#control.stop();
      this.ended(null, error as Error);
    }
  }
}

/** ns since 1970 of the stream's time zero. */
function epochOf({ clock }: Hello, { startNs }: Ready): bigint {
  if (clock === null) return 0n;
  return BigInt(clock.wallNs.toString()) - (BigInt(clock.bootNs.toString()) - BigInt(startNs.toString()));
}

function metaOf(hello: Hello, ready: Ready, config: Config, command: string): Partial<CaptureMeta> {
  return {
    version: hello.version,
    hostname: hello.hostname,
    kernel: hello.kernel,
    machine: hello.machine,
    cpus: String(hello.cpus),
    snaplen: String(config.snaplen ?? ''),
    latency: config.latency === false ? 'off' : 'on',
    hook: ready.hook,
    notes: ready.notes.join('\n'),
    missing: JSON.stringify(ready.missing.map(({ id, effect, reason, error }) => ({ id, effect, reason, errno: error }))),
    command,
    ...usersMeta(ready),
    ...restrictions(config),
  };
}

/** What of the node was left out by an option. */
function restrictions({ families, waitOverNs, cgroups = [], pids = [] }: Config): Partial<CaptureMeta> {
  const inCgroups =
    cgroups.length === 0 ? [] : [`what is in ${cgroups.length === 1 ? 'one cgroup' : `${cgroups.length} cgroups`}, or below`];
  const only = [...inCgroups, ...(pids.length === 0 ? [] : ['the command that was run, and what it started,'])].join(', of ');
  return {
    ...(families?.includes('trouble') === false ? { net: 'off' } : {}),
    ...(waitOverNs === undefined ? {} : { wait_over: String(waitOverNs) }),
    ...(only === '' ? {} : { only }),
  };
}
