/** One event's header, wherever it lies: what both passes over a file agree on. */
import type { EventForm } from './blocks.ts';
import { NO_REGION, type Region } from './bytes.ts';
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
  region = NO_REGION;
  cpu = 0;
  type = 0;
  tid = 0;
  /** ns since 1970, in two parts since it is above 2^53; the lower one may be negative, as 32 bits are. */
  timeHigh = 0;
  timeLow = 0;
  /** Where the header begins, and where the parameters end. */
  from = 0;
  to = 0;
  counted = false;

  /** False: too short to be an event. */
  load(region: Region, from: number, to: number, form: EventForm): boolean {
    const header = from + (form.flags ? 6 : 2);
    const shortest = form.counted ? HEADER_V2 : HEADER_V1;
    if (header + shortest > to) return false;
    this.region = region;
    this.cpu = region.u16(from + CPU);
    this.timeLow = region.i32(header + TIME);
    this.timeHigh = region.i32(header + TIME + 4);
    this.tid = region.i64(header + TID);
    this.type = region.u16(header + TYPE);
    this.from = header;
    this.counted = form.counted;
    const end = header + region.u32(header + LENGTH);
    this.to = end <= to && end >= header + shortest ? end : to;
    return end <= to + KNOWN_SURPLUS && end >= header + shortest;
  }
}
