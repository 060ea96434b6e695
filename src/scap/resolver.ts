/** Third stage, at work: which thread and descriptor an event is about, and what it changes of the machine's state. */
import type { EventContext } from './event-context.ts';
import type { MachineState } from './state.ts';
import type { Thread } from './thread.ts';
import type { EventKind } from './types.ts';

export interface ResolverOptions {
  /** Calls are one event each. */
  readonly exitOnly: boolean;
  /** Threads' sizes are wanted. */
  readonly sizes: boolean;
}

export class Resolver {
  readonly #state: MachineState;
  readonly #exitOnly: boolean;
  readonly #sizes: boolean;

  constructor(state: MachineState, { exitOnly, sizes }: ResolverOptions) {
    this.#state = state;
    this.#exitOnly = exitOnly;
    this.#sizes = sizes;
  }

  /** Fills in the event's thread and descriptor, and applies the event. */
  apply(kind: EventKind, event: EventContext): void {
    const state = this.#state;
    if (state.hasEnded) state.settle(event.time);
    event.thread = this.#threadOf(kind, event.tid);
    if (kind.side === 'enter') this.#begin(kind, event);
    else {
      event.loadParams();
      if (kind.side === 'exit') this.#end(kind, event);
      else this.#single(kind, event);
      if (event.thread !== null && this.#sizes) state.noteStats(event.thread, event.time);
    }
  }

  #threadOf({ threadLookup }: EventKind, tid: number): Thread | null {
    if (threadLookup === 'skip') return null;
    const known = this.#state.threadAt(tid);
    if (known !== undefined) return known;
    return threadLookup === 'create' ? this.#state.threadOf(tid) : null;
  }

  /** A call begins: its descriptor is kept for its end. */
  #begin(kind: EventKind, event: EventContext): void {
    const { thread } = event;
    if (thread === null) return;
    thread.lastFd = -1;
    thread.lastType = event.type;
    if (!kind.usesFd && kind.handler === undefined) return;
    event.loadParams();
    if (kind.usesFd) {
      thread.lastFd = event.params.int(0) ?? -1;
      event.fd = this.#state.fdOf(thread, thread.lastFd);
    }
    kind.handler?.(this.#state, event);
  }

  #end(kind: EventKind, event: EventContext): void {
    const { thread } = event;
    if (thread !== null) {
      this.#resume(kind, event, thread);
      if (thread.valid && event.call !== null) event.enter = event.begin;
    }
    kind.handler?.(this.#state, event);
  }

  /** The call's descriptor is that of its beginning, if nothing came in between; newer files have it with the end. */
  #resume(kind: EventKind, event: EventContext, thread: Thread): void {
    const exitOnly = this.#exitOnly;
    thread.valid = event.type === thread.lastType + 1;
    if (!thread.valid && exitOnly) thread.lastFd = -1;
    if (!kind.usesFd || (!thread.valid && !exitOnly)) return;
    if (thread.lastFd === -1 || kind.prefersFdParam) thread.lastFd = event.params.int(kind.fdParam) ?? -1;
    event.fd = this.#state.fdOf(thread, thread.lastFd);
  }

  /** An event that is no part of a call. */
  #single(kind: EventKind, event: EventContext): void {
    const { thread } = event;
    if (thread !== null && kind.intervenes) {
      thread.lastFd = -1;
      thread.lastType = event.type;
    }
    kind.handler?.(this.#state, event);
  }
}
