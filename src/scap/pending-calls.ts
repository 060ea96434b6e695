/** Calls that never return: what is stored of them is what was known when they began. */
import { eachFdArg } from './args.ts';
import type { EventContext } from './event-context.ts';
import type { EventRows } from './event-rows.ts';
import type { OpenCall } from './open-call.ts';
import { Params } from './params.ts';
import { schemaOf } from './schema.ts';
import type { Thread } from './thread.ts';
import type { EventKind, TypePlan } from './types.ts';

const NO_PARAMS = new Params();

/** A call that never returned, ready to be stored. */
export interface PendingCall {
  /** A copy with its own bytes. */
  readonly call: OpenCall;
  readonly plan: TypePlan;
  /** Rows of the descriptors among its arguments. */
  readonly fdRows: readonly number[];
}

/** Notes in an open call what it is about: afterwards its thread may have another name, and its descriptor be closed. */
export function describe(call: OpenCall, kind: EventKind, event: EventContext, rows: EventRows): void {
  const { thread } = event;
  call.thread = rows.thread(event);
  const hasFd = kind.hasFd && thread !== null;
  call.fdnum = hasFd ? thread.lastFd : -1;
  call.fd = hasFd ? rows.beginFd(event, thread) : 0;
}

/** `thread`: the one that made the call; null: unknown. */
export function pendingCall(call: OpenCall, kind: EventKind, thread: Thread | null, rows: EventRows): PendingCall {
  const params = new Params();
  params.load(call.region, call.from, call.to, schemaOf(call.type)!, call.counted);
  const plan = kind.plan(-1, params.count, kind.isGeneric ? (params.uint(0) ?? 0) : 0);
  const fdRows: number[] = [];
  if (plan.fdArgs.length > 0) eachFdArg(plan, params, NO_PARAMS, (number) => fdRows.push(rows.openFd(thread, number)));
  return { call: call.copy(), plan, fdRows };
}

/** Without a survey nobody knows in time that a call will not return: such calls are held back, and come last. */
export class HeldBack {
  readonly #max: number;
  #calls: PendingCall[] = [];

  /** `max`: so many are held back at once. */
  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#calls.length;
  }

  get isFull(): boolean {
    return this.#calls.length > this.#max;
  }

  add(call: PendingCall): void {
    this.#calls.push(call);
  }

  /** All of them, in the order of their numbers. */
  take(): PendingCall[] {
    const calls = this.#calls.sort((a, b) => a.call.num - b.call.num);
    this.#calls = [];
    return calls;
  }
}
