/** Last stage: events become rows of a chunk. One row is a completed call, an event of its own kind, or a call that never returned. */
import { EventFlag } from '../model/chunk.ts';
import { eachFdArg } from './args.ts';
import { ScapChunk } from './chunk.ts';
import type { EventContext } from './event-context.ts';
import type { EventRows } from './event-rows.ts';
import type { PendingCall } from './pending-calls.ts';
import type { EventKind, TypePlan } from './types.ts';

export class Emitter {
  readonly #chunk = new ScapChunk();
  readonly #onChunk: (chunk: ScapChunk) => void;
  /** Payload bytes kept of one operation, at most. */
  snaplen = 0;

  /** `onChunk` gets events in a chunk that is used again. */
  constructor(onChunk: (chunk: ScapChunk) => void) {
    this.#onChunk = onChunk;
  }

  /** A call that has ended, with the number and the time of its end, or an event that is no part of a call. */
  event(kind: EventKind, event: EventContext, rows: EventRows): void {
    const chunk = this.#chunk;
    const { n } = chunk;
    const { call, head, params, thread } = event;
    const plan = kind.plan(params.count, call === null ? -1 : event.begin.count, kind.isGeneric ? (params.uint(0) ?? 0) : 0);
    chunk.num[n] = event.num;
    chunk.time[n] = event.time;
    chunk.latency[n] = call === null ? -1 : event.time - call.time;
    chunk.type[n] = plan.id;
    chunk.cpu[n] = head.cpu;
    chunk.thread[n] = rows.thread(event);
    const hasFd = kind.hasFd && thread !== null && kind.side === 'exit';
    chunk.fdnum[n] = hasFd ? thread.lastFd : -1;
    chunk.fd[n] = hasFd ? rows.endFd(kind, event, thread) : 0;
    this.#result(kind, event, plan);
    if (call !== null && plan.enterSchema !== null) chunk.placeBegin(call.region, call.from, call.to, call.counted);
    if (plan.fdArgs.length > 0) eachFdArg(plan, params, event.begin, (number) => chunk.placeFd(rows.openFd(thread, number)));
    this.#next();
  }

  /** The result, and where the event and its payload lie. */
  #result({ side }: EventKind, { head, params }: EventContext, plan: TypePlan): void {
    const chunk = this.#chunk;
    const { n } = chunk;
    const res = plan.hasRes ? params.int(0) : null;
    chunk.res[n] = res ?? 0;
    const data = plan.data < 0 ? 0 : params.length(plan.data);
    if (data > this.snaplen) this.snaplen = data;
    const cut = plan.data >= 0 && res !== null && res > data ? EventFlag.TRUNCATED : 0;
    const flags = side === 'one' ? EventFlag.ONE_SIDED : 0;
    chunk.flags[n] = flags | (res === null ? 0 : EventFlag.HAS_RES) | cut;
    chunk.place(plan, head.region, head.from, head.to, head.counted);
    if (data > 0) chunk.placeData(params.start[plan.data]!, params.start[plan.data + 1]!);
  }

  /** A call that never returned, with the number and the time of its beginning. */
  pending({ call, plan, fdRows }: PendingCall): void {
    const chunk = this.#chunk;
    const { n } = chunk;
    chunk.num[n] = call.num;
    chunk.time[n] = call.time;
    chunk.latency[n] = -1;
    chunk.type[n] = plan.id;
    chunk.cpu[n] = call.cpu;
    chunk.thread[n] = call.thread;
    chunk.fdnum[n] = call.fdnum;
    chunk.fd[n] = call.fd;
    chunk.res[n] = 0;
    chunk.flags[n] = EventFlag.PENDING;
    chunk.place(plan, call.region, call.from, call.to, call.counted);
    for (const row of fdRows) chunk.placeFd(row);
    this.#next();
  }

  /** Hands over what there is. */
  flush(): void {
    if (this.#chunk.n > 0) this.#onChunk(this.#chunk);
    this.#chunk.clear();
  }

  #next(): void {
    this.#chunk.n++;
    if (this.#chunk.full) this.flush();
  }
}
