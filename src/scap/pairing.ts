/**
 * Second stage: which event ends which call. By thread number alone, so that the survey of a file and the reading of it come to
 * the same pairs, and so that nothing here depends on what is known of threads.
 */
import { Region } from './bytes.ts';
import type { EventHead } from './event-head.ts';
import { LIMITS } from './limits.ts';
import { OpenCall } from './open-call.ts';

/** A power of two. */
const RECENT = 1024;

export class Pairing {
  /** By thread. A thread has one call open at a time. */
  readonly #calls = new Map<number, OpenCall>();
  /** Those of threads that had events lately. */
  readonly #recent: (OpenCall | undefined)[] = new Array<OpenCall | undefined>(RECENT).fill(undefined);
  readonly #onUnreturned: (call: OpenCall) => void;

  /** `onUnreturned` gets each call whose end is not in the file, while its bytes are there. */
  constructor(onUnreturned: (call: OpenCall) => void) {
    this.#onUnreturned = onUnreturned;
  }

  /** A call begins. The one that its thread had open does not return any more. */
  begin(num: number, notes: number, time: number, head: EventHead): OpenCall {
    const call = this.#callOf(head.tid) ?? this.#add(head.tid);
    if (call.isOpen) this.#onUnreturned(call);
    call.start(num, notes, time, head);
    return call;
  }

  /** The call that an event ends, to be closed by the caller; null: that begin event is not in the file, and no other call of the thread is open any more. */
  end({ tid, type }: EventHead): OpenCall | null {
    const call = this.#callOf(tid);
    if (call === undefined || !call.isOpen) return null;
    if (call.type === type - 1) return call;
    this.#giveUp(call);
    return null;
  }

  /** A thread ends, and what it had open does not return. */
  endThread(tid: number): void {
    const call = this.#callOf(tid);
    if (call !== undefined) this.#remove(call);
  }

  /** The file, or a section of it, ends. */
  endAll(): void {
    for (const call of this.#calls.values()) this.#giveUp(call);
    this.#calls.clear();
    this.#recent.fill(undefined);
  }

  /** Copies the bytes of open calls, so that the file's region can go. */
  keepBytes(): void {
    const open: OpenCall[] = [];
    let length = 0;
    for (const call of this.#calls.values()) {
      if (!call.isOpen || call.isKept) continue;
      open.push(call);
      length += call.to - call.from;
    }
    const kept = new Region(new Uint8Array(length));
    let at = 0;
    for (const call of open) at = call.keep(kept, at);
  }

  #callOf(tid: number): OpenCall | undefined {
    const slot = tid & (RECENT - 1);
    const recent = this.#recent[slot];
    if (recent !== undefined && recent.tid === tid) return recent;
    const call = this.#calls.get(tid);
    this.#recent[slot] = call;
    return call;
  }

  /** Where there are too many, the thread that has been there longest makes room. */
  #add(tid: number): OpenCall {
    if (this.#calls.size >= LIMITS.threads) for (const oldest of this.#calls.values()) return this.#replace(oldest, tid);
    const call = new OpenCall(tid);
    this.#calls.set(tid, call);
    this.#recent[tid & (RECENT - 1)] = call;
    return call;
  }

  #replace(oldest: OpenCall, tid: number): OpenCall {
    this.#remove(oldest);
    return this.#add(tid);
  }

  #remove(call: OpenCall): void {
    this.#giveUp(call);
    this.#calls.delete(call.tid);
    const slot = call.tid & (RECENT - 1);
    if (this.#recent[slot] === call) this.#recent[slot] = undefined;
  }

  #giveUp(call: OpenCall): void {
    if (call.isOpen) this.#onUnreturned(call);
    call.close();
  }
}
