import { NO_PIECE, Piece } from './bytes.ts';
import type { EventHead } from './events.ts';
import type { Thread } from './thread.ts';
import type { TypePlan } from './types.ts';

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
  /** Its bytes are not those of the file's piece any more. */
  isKept = false;
  /** Row of its thread; 0: it has none. */
  thread = 0;
  /** Number and row of the descriptor that it is about; -1 and 0: none. */
  fdnum = -1;
  fd = 0;
  /** Of a copy: how it is stored, and the rows of the descriptors among its arguments. */
  plan: TypePlan | null = null;
  fdRows: number[] = [];

  /** `caller` null: a thread that nobody announced. */
  constructor(readonly caller: Thread | null) {}

  /** The time is the caller's to set. */
  begin(num: number, head: EventHead): void {
    this.num = num;
    this.type = head.type;
    this.isKept = false;
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

  /** Puts its bytes into another piece, from `at` on; gives where they end. */
  keep(piece: Piece, at: number): number {
    piece.bytes.set(this.piece.part(this.from, this.to), at);
    this.piece = piece;
    this.to += at - this.from;
    this.from = at;
    this.isKept = true;
    return this.to;
  }

  /** The same call as an object of its own. */
  copy(): OpenCall {
    const copy = Object.assign(new OpenCall(null), this, { caller: null, fdRows: [] });
    copy.keep(new Piece(new Uint8Array(this.to - this.from)), 0);
    return copy;
  }
}
