/** The collector's side of its broker. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { NamesBy } from '../../collector/kube-source.ts';
import type { LookListener, NodeLooks } from '../../collector/node-looks.ts';
import type { KubeSink } from '../../kube/watcher.ts';
import type { NameSource } from '../../model/kube.ts';
import { EXIT, Exit } from '../exit.ts';
import { RECORDER_FLAGS } from '../memory.ts';
import { type Child, Lines, MAX_WORD, type Order, type Request, type Word } from './words.ts';

const END_MS = 5_000;
const NAMES_END_MS = 1_000;
const GONE = 1;

/** A process that the broker started. */
export class Brokered {
  pid: number | undefined;
  readonly #started = Promise.withResolvers<number>();
  readonly #exited = Promise.withResolvers<number>();

  constructor() {
    for (const { promise } of [this.#started, this.#exited]) promise.catch(() => {});
  }

  get started(): Promise<number> {
    return this.#started.promise;
  }

  /** Its exit code. Rejects where it could not be started. */
  get exited(): Promise<number> {
    return this.#exited.promise;
  }

  begun(pid: number): void {
    this.pid = pid;
    this.#started.resolve(pid);
  }

  ended(code: number): void {
    this.#exited.resolve(code);
  }

  failed(error: Error): void {
    this.#started.reject(error);
    this.#exited.reject(error);
  }
}

export class Broker {
  readonly probe = new Brokered();
  readonly command = new Brokered();
  /** ns that the probe's programs ran; null: not known. */
  programs: number | null = null;
  readonly #process: ChildProcess;
  readonly #channel: Socket;
  readonly #exited: Promise<void>;
  #listener: LookListener | null = null;
  #sinkOf: ((source: NameSource) => KubeSink) | null = null;
  #errors: readonly string[] = [];
  readonly #namesOver = Promise.withResolvers<void>();
  #ending = false;
  #gone = false;

  constructor(order: Order) {
    const path = fileURLToPath(new URL('./broker.js', import.meta.url));
    this.#process = spawn(process.execPath, [...RECORDER_FLAGS, path], { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
    this.#exited = new Promise((resolve) => this.#process.once('exit', () => resolve()).once('error', () => resolve()));
    const channel = this.#process.stdio?.[3];
    if (channel === undefined)
      throw new Exit(EXIT.FAILED, 'the process that stays root could not be started: there are too many open files');
    this.#channel = channel as Socket;
    const lines = new Lines(
      () => MAX_WORD,
      (line) => this.#hear(JSON.parse(line) as Word),
      () => this.#channel.destroy(),
    );
    this.#channel.on('data', (bytes: Buffer) => lines.take(bytes));
    this.#channel.on('error', () => {});
    this.#channel.once('close', () => this.#over());
    this.#channel.write(`${JSON.stringify(order)}\n`);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** It ended before it was told to. */
  get isGone(): boolean {
    return this.#gone;
  }

  ask(request: Request): void {
    if (this.#channel.writable) this.#channel.write(`${request}\n`);
  }

  get looks(): NodeLooks {
    return {
      begin: (listener) => {
        this.#listener = listener;
      },
      last: () => this.ask('last-look'),
      end: async () => this.ask('end-looks'),
    };
  }

  get names(): NamesBy {
    return (sinkOf) => {
      const sinks = new Map<NameSource, KubeSink>();
      this.#sinkOf = (source) => {
        const sink = sinks.get(source) ?? sinkOf(source);
        sinks.set(source, sink);
        return sink;
      };
      const errors = () => [...this.#errors];
      return {
        start: () => this.ask('names'),
        stop: () => {
          this.ask('end-names');
          return Promise.race([this.#namesOver.promise, timeout(NAMES_END_MS)]);
        },
        get errors() {
          return errors();
        },
      };
    };
  }

  /** Waits until all that it started has ended, and it has. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#channel.end();
    await Promise.race([this.#exited, timeout(END_MS)]);
  }

  #hear(word: Word): void {
    if ('snapshot' in word) this.#listener?.seen(word.snapshot);
    else if ('noLooks' in word) this.#noLooks(word.noLooks);
    else if ('started' in word) this.#childOf(word.started).begun(word.pid);
    else if ('ended' in word) this.#childOf(word.ended).ended(word.code);
    else if ('failed' in word) this.#childOf(word.failed).failed(new Error(word.reason));
    else if ('nameErrors' in word) this.#nameErrors(word);
    else if ('programs' in word) this.programs = word.programs;
    else this.#name(word);
  }

  #noLooks(reason: string | null): void {
    if (reason === null) this.#listener?.over();
    else this.#listener?.failed(reason);
  }

  #childOf(child: Child): Brokered {
    return child === 'probe' ? this.probe : this.command;
  }

  #nameErrors({ nameErrors, last }: { nameErrors: readonly string[]; last: boolean }): void {
    this.#errors = nameErrors;
    if (last) this.#namesOver.resolve();
  }

  #name(word: Extract<Word, { of: NameSource }>): void {
    const sink = this.#sinkOf?.(word.of);
    if ('object' in word) sink?.object(word.object);
    else if ('container' in word) sink?.container(word.container);
    else if ('gone' in word) sink?.gone(word.gone);
    else if ('containerGone' in word) sink?.containerGone?.(word.containerGone);
    else sink?.event?.(word.event);
  }

  #over(): void {
    this.#gone = !this.#ending;
    this.#listener?.over();
    this.#namesOver.resolve();
    this.probe.ended(GONE);
    this.command.ended(GONE);
  }
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
