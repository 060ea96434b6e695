import { NO_REGION, Region } from './bytes.ts';
import type { EventHead } from './event-head.ts';

/** A call that has begun and not ended: the event that began it. One object per thread, used again. */
export class OpenCall {
  /** Number of the begin event; 0: no call is open. */
  num = 0;
  /** Events without a number that came before it. */
  notes = 0;
  type = 0;
  /** ns since the file's first event. */
  time = 0;
  cpu = 0;
  /** Where the begin event lies. */
  region = NO_REGION;
  from = 0;
  to = 0;
  counted = false;
  /** Its bytes were copied out of the file's region. */
  isKept = false;
  /** Row of its thread; 0: it has none. */
  thread = 0;
  /** Number and row of the descriptor that it is about; -1 and 0: none. */
  fdnum = -1;
  fd = 0;

  constructor(readonly tid: number) {}

  get isOpen(): boolean {
    return this.num !== 0;
  }

  start(num: number, notes: number, time: number, head: EventHead): void {
    this.num = num;
    this.notes = notes;
    this.time = time;
    this.type = head.type;
    this.cpu = head.cpu;
    this.region = head.region;
    this.from = head.from;
    this.to = head.to;
    this.counted = head.counted;
    this.isKept = false;
  }

  /** The call is over; its bytes may go. */
  close(): void {
    this.num = 0;
    this.forgetBytes();
  }

  /** Where only its number matters: the file's region need not stay in memory. */
  forgetBytes(): void {
    this.region = NO_REGION;
  }

  /** Copies its bytes into another region, from `at` on; gives where they end. */
  keep(region: Region, at: number): number {
    region.bytes.set(this.region.part(this.from, this.to), at);
    this.region = region;
    this.to += at - this.from;
    this.from = at;
    this.isKept = true;
    return this.to;
  }

  /** The same call as an object of its own, with its own bytes. */
  copy(): OpenCall {
    const copy = Object.assign(new OpenCall(this.tid), this);
    copy.keep(new Region(new Uint8Array(this.to - this.from)), 0);
    return copy;
  }
}
