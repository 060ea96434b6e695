import { NO_PIECE, Piece } from './bytes.ts';
import type { EventHead } from './events.ts';
import type { Thread } from './thread.ts';

/** A call that has begun and not ended: the event that began it, and what was known then. One object per thread, used again. */
export class OpenCall {
  /** Number of the event; 0: no call is open. */
  num = 0;
  type = 0;
  time = 0;
  cpu = 0;
  /** Where the event lies. */
  piece = NO_PIECE;
  from = 0;
  to = 0;
  counted = false;
  /** Row of its thread; 0: it has none. */
  thread = 0;
  /** Number and row of the descriptor that it is about; -1 and 0: none. */
  fdnum = -1;
  fd = 0;

  /** `caller` null: a thread that nobody announced. */
  constructor(readonly caller: Thread | null) {}

  begin(num: number, time: number, head: EventHead): void {
    this.num = num;
    this.type = head.type;
    this.time = time;
    this.cpu = head.cpu;
    this.piece = head.piece;
    this.from = head.from;
    this.to = head.to;
    this.counted = head.counted;
  }

  end(): void {
    this.num = 0;
    this.piece = NO_PIECE;
  }

  /** Its bytes can be read. */
  get hasBytes(): boolean {
    return this.piece !== NO_PIECE;
  }

  /** Takes its own bytes along, when the piece of the file that they lie in goes. */
  keep(): void {
    if (this.piece.length === this.to - this.from) return;
    this.piece = new Piece(this.piece.bytes.slice(this.from, this.to));
    this.to -= this.from;
    this.from = 0;
  }

  /** The same call as an object of its own. */
  copy(): OpenCall {
    const copy = Object.assign(new OpenCall(this.caller), this);
    copy.keep();
    return copy;
  }
}
