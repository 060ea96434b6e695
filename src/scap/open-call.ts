import type { EventHead } from './events.ts';
import type { Thread } from './thread.ts';

const NOTHING = new Uint8Array(0);

/** A call that has begun and not ended: the event that began it, and what was known then. One object per thread, used again. */
export class OpenCall {
  /** Number of the event; 0: no call is open. */
  num = 0;
  type = 0;
  time = 0;
  cpu = 0;
  /** Where the event lies. */
  bytes: Uint8Array = NOTHING;
  from = 0;
  to = 0;
  counted = false;
  /** Who calls; null: a thread that nobody announced. */
  caller: Thread | null = null;
  /** Row of its thread; 0: it has none. */
  thread = 0;
  /** Number and row of the descriptor that it is about; -1 and 0: none. */
  fdnum = -1;
  fd = 0;

  begin(num: number, time: number, head: EventHead, caller: Thread | null): void {
    this.num = num;
    this.caller = caller;
    this.type = head.type;
    this.time = time;
    this.cpu = head.cpu;
    this.bytes = head.bytes;
    this.from = head.from;
    this.to = head.to;
    this.counted = head.counted;
  }

  end(): void {
    this.num = 0;
    this.bytes = NOTHING;
  }

  /** Its bytes can be read. */
  get hasBytes(): boolean {
    return this.bytes !== NOTHING;
  }

  /** Takes its own bytes along, when the piece of the file that they lie in goes. */
  keep(): void {
    if (this.bytes.length === this.to - this.from) return;
    this.bytes = this.bytes.slice(this.from, this.to);
    this.to -= this.from;
    this.from = 0;
  }

  /** The same call as an object of its own. */
  copy(): OpenCall {
    const copy = Object.assign(new OpenCall(), this);
    copy.keep();
    return copy;
  }
}
