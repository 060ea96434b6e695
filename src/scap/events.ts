/** One event's header, wherever it lies: what both passes over a file agree on. */
import type { EventForm } from './blocks.ts';
import { i64, u16, u32 } from './bytes.ts';
import { HEADER_V1, HEADER_V2 } from './params.ts';

/** CPU and thread before, and the header's own fields, as offsets in an event block's body. */
const CPU = 0;
const TIME = 0;
const TID = 8;
const LENGTH = 16;
const TYPE = 20;

/** Notification and infrastructure events of old writers say that they are so much longer than they are. */
const KNOWN_SURPLUS = 3;

/** An event's header. One object is moved from event to event. */
export class EventHead {
  bytes: Uint8Array = new Uint8Array(0);
  cpu = 0;
  type = 0;
  tid = 0;
  /** ns since 1970, in two parts since it is above 2^53: [seconds of 2^32 ns, ns]. */
  timeHigh = 0;
  timeLow = 0;
  /** Where the header begins, and where the parameters end. */
  from = 0;
  to = 0;
  counted = false;

  /** False: too short to be an event. */
  load(bytes: Uint8Array, from: number, to: number, form: EventForm): boolean {
    const header = from + (form.flags ? 6 : 2);
    const shortest = form.counted ? HEADER_V2 : HEADER_V1;
    if (header + shortest > to) return false;
    this.bytes = bytes;
    this.cpu = u16(bytes, from + CPU);
    this.timeLow = u32(bytes, header + TIME);
    this.timeHigh = u32(bytes, header + TIME + 4);
    this.tid = i64(bytes, header + TID);
    this.type = u16(bytes, header + TYPE);
    this.from = header;
    this.counted = form.counted;
    const end = header + u32(bytes, header + LENGTH);
    this.to = end <= to && end >= header + shortest ? end : to;
    return end <= to + KNOWN_SURPLUS && end >= header + shortest;
  }
}
