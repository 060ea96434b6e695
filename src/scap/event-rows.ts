/** The rows of threads and descriptors that an event points to, as the state is at that event. */
import type { EventContext } from './event-context.ts';
import { type Fd, tupleOf } from './fd.ts';
import { failedPath } from './files.ts';
import { SchemaFlag } from './schema.ts';
import { failedPeer, messageTuple } from './sockets.ts';
import type { MachineState } from './state.ts';
import type { Thread } from './thread.ts';
import type { EventKind } from './types.ts';

export class EventRows {
  readonly #state: MachineState;
  /** Row of a descriptor that the file says nothing about; 0: not made yet. */
  #nameless = 0;

  constructor(state: MachineState) {
    this.#state = state;
  }

  /** Of the event's thread; 0: it has none. */
  thread({ thread, time }: EventContext): number {
    if (thread === null) return 0;
    return thread.row !== 0 ? thread.row : this.#state.threadRow(thread, time);
  }

  /** Of the descriptor that a call's end is about; where it was to be made and was not, of its name alone. */
  endFd(kind: EventKind, event: EventContext, thread: Thread): number {
    const state = this.#state;
    const fd = event.fd ?? (thread.lastFd === -1 ? null : state.fdOf(thread, thread.lastFd));
    if (fd !== null) return this.#messageRow(event, fd) ?? this.#failedRow(event, thread, fd) ?? state.fdRow(thread, fd);
    const path = kind.opens ? failedPath(state, event) : null;
    return path === null ? this.#noName() : state.fdRows.named(path);
  }

  /** Of the descriptor that a call's beginning is about. */
  beginFd({ fd }: EventContext, thread: Thread): number {
    return fd === null ? this.#noName() : this.#state.fdRow(thread, fd);
  }

  /** Of a number that a thread has open at this moment; 0: unknown. */
  openFd(thread: Thread | null, number: number): number {
    const fd = thread === null || number < 0 ? null : this.#state.fdOf(thread, number);
    return fd === null ? 0 : this.#state.fdRow(thread!, fd);
  }

  #noName(): number {
    if (this.#nameless === 0) this.#nameless = this.#state.fdRows.named('');
    return this.#nameless;
  }

  /** A socket that could not be connected, under the name of what it was to be connected to. */
  #failedRow(event: EventContext, thread: Thread, fd: Fd): number | null {
    const peer = failedPeer(event);
    if (peer === null) return null;
    const tried = fd.copy();
    tried.name = peer;
    tried.row = 0;
    return this.#state.fdRow(thread, tried);
  }

  /** A socket that serves without connections has another peer with each message. */
  #messageRow(event: EventContext, fd: Fd): number | null {
    if (!fd.isUdp || fd.role !== 'server') return null;
    const reads = (event.schema.flags & SchemaFlag.READS) !== 0;
    const raw = messageTuple(event, reads);
    const tuple = raw === null ? null : tupleOf(raw);
    if (tuple === null) return null;
    const { source, target } = tuple;
    return reads ? this.#state.fdRows.message(fd, target, source) : this.#state.fdRows.message(fd, source, target);
  }
}
