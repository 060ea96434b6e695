/** The flight recorder: decides when to save, and has it done by another process, so that the recording does not wait. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { Ring, type RingPart } from '../collector/ring.ts';
import type { Session } from '../collector/session.ts';
import type { TriggerHit } from '../collector/triggers.ts';
import { steadyNow } from '../model/steady.ts';
import { say } from '../output/stderr.ts';
import type { Found } from './doctor-worker.ts';
import { type FlightAnswer, listenForSnapshots } from './flight-control.ts';
import { FlightDoctor, type HeldParts } from './flight-doctor.ts';
import { Leftovers } from './flight-leftovers.ts';
import type { FlightPlan } from './flight-options.ts';
import { explanationOf, saveElsewhere, uploadElsewhere } from './flight-order.ts';
import type { SaveOrder, SaveReason } from './flight-save.ts';

type Answer = (news: FlightAnswer) => void;

/** A save whose post-roll has not yet passed. */
interface Pending {
  readonly path: string;
  readonly reasons: SaveReason[];
  readonly answers: Answer[];
  /** When it began, ms. */
  readonly begun: number;
  /** ns since the recording began: the post-roll counts from then. A lookup that stalls is known to only some time after its event. */
  firedAt: number;
  /** Parts that were there when it began, or came since: they may be too old when the post-roll is over. */
  readonly held: RingPart[];
  readonly done: Promise<void>;
  /** The post-roll begins anew: another trigger has fired. */
  readonly again: () => void;
  /** Ends the post-roll. */
  readonly now: () => void;
}

const HOUR_MS = 3_600_000;
/** Events of the last moment of the post-roll are still under way. */
const SETTLE_MS = 400;
/** Reasons that a save names; a trigger that fires all the time is one reason. */
const MAX_REASONS = 20;
/** A saved capture's name: its node and its time. */
const SAVED = /^.*-([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}.*)\.trowel$/;
/** ns: the doctor looks at the parts that reach so far back. */
const DOCTOR_SPAN = 60e9;

export class FlightRecorder {
  readonly ring: Ring;
  readonly #folder: string;
  readonly #plan: FlightPlan;
  readonly #leftovers: Leftovers;
  #session: Session | null = null;
  readonly #records = Promise.withResolvers<void>();
  #doctor: FlightDoctor | null = null;
  #pending: Pending | null = null;
  readonly #saving = new Set<Promise<void>>();
  /** When saves began, ms. */
  #begun: number[] = [];
  /** Names of what was saved, in that order. */
  readonly #saved: string[] = [];
  #refused = 0;
  #control: { close(): void } | null = null;
  /** A signal that comes before it records is answered as soon as it does. */
  readonly #onSignal = () => void this.#records.promise.then(() => this.#ask('SIGUSR1', null));

  /** `folder`: where saved captures go; the ring lies in it, too. */
  constructor(folder: string, plan: FlightPlan) {
    this.#folder = folder;
    this.#plan = plan;
    this.#leftovers = new Leftovers(folder);
    this.ring = new Ring(join(folder, `.ring-${process.pid}`), plan.limits);
    this.ring.onClosed = (part) => this.#hold(part);
    process.on('SIGUSR1', this.#onSignal);
  }

  get triggers(): readonly string[] {
    return this.#plan.triggers;
  }

  /** How much was saved, in words. */
  get summary(): string {
    const refused = this.#refused === 0 ? '' : `; ${this.#refused} more triggers were not (at most ${this.#plan.maxSaves} an hour)`;
    return `${this.#saved.length} saved${refused}`;
  }

  async start(session: Session): Promise<void> {
    this.#session = session;
    this.#records.resolve();
    const { doctor } = this.#plan;
    if (doctor !== null)
      this.#doctor = new FlightDoctor(
        doctor,
        () => this.#heldParts(),
        (found) => this.#found(found),
      );
    const saving = this.#leftovers.save().finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
    await this.listen();
  }

  /** Beforehand where its socket takes privileges that are given up: who asks then waits until it records. */
  async listen(): Promise<void> {
    this.#control ??= await listenForSnapshots((answer) => void this.#records.promise.then(() => this.#ask('snapshot', null, answer)));
  }

  hit({ filter, num, time }: TriggerHit): void {
    this.#ask(filter, { num, time });
  }

  #found({ id, verdict, num, time }: Found): void {
    this.#ask(`doctor:${id}`, { num, time, verdict });
  }

  /** What the doctor looks at: the last parts, and the one that is being written. */
  #heldParts(): HeldParts {
    const parts = this.ring.since((this.#session?.segment?.to ?? 0) - DOCTOR_SPAN);
    const held = [...parts, ...this.ring.growing];
    this.ring.hold(held);
    return { paths: held.map(({ path }) => path), release: () => this.ring.release(held) };
  }

  /** Saves what is asked for and not yet saved: the recording ends. */
  async settle(): Promise<void> {
    this.#control?.close();
    process.off('SIGUSR1', this.#onSignal);
    await this.#saveAsked();
  }

  async #saveAsked(): Promise<void> {
    this.#pending?.now();
    await this.#pending?.done;
    await Promise.all(this.#saving);
  }

  /** The recording has ended: the doctor looks once more, at all of it, and what its last events asked for is saved. */
  async conclude(): Promise<void> {
    const segment = this.#session?.segment ?? null;
    if (segment === null) return;
    this.ring.finish(segment);
    await this.#doctor?.end();
    await this.#saveAsked();
  }

  #ask(trigger: string, at: Omit<SaveReason, 'trigger'> | null, answer: Answer = () => {}): void {
    const reason = { trigger, ...(at ?? { time: this.#session?.segment?.to ?? 0, num: null }) };
    const pending = this.#pending ?? this.#begin(reason);
    if (pending === null) {
      this.#refused++;
      answer({
        state: 'refused',
        reason: `${this.#plan.maxSaves} ${this.#plan.maxSaves === 1 ? 'capture was' : 'captures were'} saved within the hour: see --max-saves`,
      });
      return;
    }
    if (pending.reasons.length < MAX_REASONS && isNews(pending.reasons, reason)) this.#join(pending, reason);
    pending.answers.push(answer);
    answer({ state: 'saving', path: pending.path, seconds: Math.ceil(this.#plan.post / 1e9) });
  }

  /** Each trigger has its post-roll, in one capture. */
  #join(pending: Pending, reason: SaveReason): void {
    pending.reasons.push(reason);
    pending.firedAt = this.#firedAt(reason);
    pending.again();
  }

  #firedAt({ time }: SaveReason): number {
    return Math.max(time, this.#session?.segment?.to ?? 0);
  }

  #hold(part: RingPart): void {
    if (this.#pending === null) return;
    this.ring.hold([part]);
    this.#pending.held.push(part);
  }

  #begin(reason: SaveReason): Pending | null {
    const now = steadyNow();
    this.#begun = this.#begun.filter((time) => now - time < HOUR_MS);
    if (this.#begun.length >= this.#plan.maxSaves) return null;
    this.#begun.push(now);
    const { promise, resolve } = Promise.withResolvers<void>();
    const postRoll = () => setTimeout(resolve, this.#plan.post / 1e6 + SETTLE_MS);
    let timer = postRoll();
    const held = [...this.ring.since(this.#from(reason))];
    this.ring.hold(held);
    const pending: Pending = {
      path: this.#newPath(),
      reasons: [reason],
      answers: [],
      begun: now,
      firedAt: this.#firedAt(reason),
      held,
      done: promise.then(() => this.#save()),
      again: () => {
        clearTimeout(timer);
        timer = postRoll();
      },
      now: () => {
        clearTimeout(timer);
        resolve();
      },
    };
    this.#pending = pending;
    return pending;
  }

  #newPath(): string {
    const node = hostname().replace(/[^A-Za-z0-9.-]/g, '_');
    const stem = join(this.#folder, `${node}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`);
    for (let n = 1; ; n++) {
      const path = `${stem}${n === 1 ? '' : `-${n}`}.trowel`;
      if (!existsSync(path)) return path;
    }
  }

  #save(): void {
    const { path, reasons, answers, begun, held, firedAt } = this.#pending!;
    this.#pending = null;
    const [first] = reasons;
    const from = this.#from(first!);
    this.#session?.rotate();
    const older = new Set(held.map((part) => part.path));
    const later = this.ring.since(from).filter((part) => !older.has(part.path));
    this.ring.hold(later);
    const parts = [...held, ...later];
    const to = Math.min(firedAt + this.#plan.post, parts.at(-1)?.to ?? 0);
    const order = { parts: parts.map((part) => part.path), path, from: Math.max(from, parts[0]?.from ?? 0), to, reasons };
    const saving = this.#carryOut(order, answers, begun).finally(() => this.#over(saving, parts));
    this.#saving.add(saving);
  }

  /** Where what is saved begins, ns. */
  #from({ time }: SaveReason): number {
    return Math.max(0, time - this.#plan.pre);
  }

  #over(saving: Promise<void>, parts: readonly RingPart[]): void {
    this.#saving.delete(saving);
    this.ring.release(parts);
  }

  async #upload(path: string): Promise<void> {
    const to = this.#plan.upload;
    if (to === null) return;
    const failure = await uploadElsewhere({ paths: [path, explanationOf(path)], to });
    say(failure === null ? `uploaded ${path} to ${to}` : `${path} stays here, it could not be uploaded to ${to}: ${failure}`);
  }

  /** That a folder cannot be read, or a file not be removed, ends no recording. */
  #dropOld(): void {
    try {
      dropOld(this.#folder, this.#plan.kept, this.#saved);
    } catch (error) {
      say(`trowel: old files stay in ${this.#folder}: ${(error as Error).message}`);
    }
  }

  async #carryOut(order: SaveOrder, answers: readonly Answer[], begun: number): Promise<void> {
    const failure = await saveElsewhere(order);
    if (failure === null) {
      this.#saved.push(basename(order.path));
      say(`saved ${order.path}: ${order.reasons[0]!.trigger}`);
      this.#dropOld();
    } else {
      this.#begun = this.#begun.filter((time) => time !== begun); // an hour's saves are those that there are
      say(`${order.path} could not be saved: ${failure}`);
    }
    for (const answer of answers)
      answer(
        failure === null
          ? { state: 'saved', path: order.path, explanation: explanationOf(order.path) }
          : { state: 'refused', reason: failure },
      );
    if (failure === null) await this.#upload(order.path);
  }
}

/**
 * Of what flight recorders saved into a folder, the last stay: their names say when that was. `ours` are the newest, in their order,
 * whatever their names say: the clock may have been set meanwhile.
 */
function dropOld(folder: string, kept: number, ours: readonly string[]): void {
  if (kept === Infinity) return;
  const saved = readdirSync(folder).filter((name) => SAVED.test(name));
  const time = (name: string) => SAVED.exec(name)![1]!;
  saved.sort((a, b) => ours.indexOf(a) - ours.indexOf(b) || (time(a) < time(b) ? -1 : 1));
  for (const name of saved.slice(0, -kept)) for (const path of [name, explanationOf(name)]) rmSync(join(folder, path), { force: true });
}

/** The same trigger again and again is no news. */
function isNews(reasons: readonly SaveReason[], { trigger }: SaveReason): boolean {
  return !reasons.some((known) => known.trigger === trigger);
}
