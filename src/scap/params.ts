import { NO_REGION, type Region } from './bytes.ts';
import { type EventSchema, SchemaFlag } from './schema.ts';

/** More than any type has; what says that it has more is damaged. */
const MAX_PARAMS = 64;

/** Bytes of an event's own header: time, thread, length, type; version 2 adds the number of parameters. */
export const HEADER_V1 = 22;
export const HEADER_V2 = 26;

/** The parameters of one event, where they lie in its bytes. One object is moved from event to event. A parameter that is not there reads as null. */
export class Params {
  region = NO_REGION;
  count = 0;
  /** Parameter i lies in [start[i], start[i + 1]). */
  readonly start = new Int32Array(MAX_PARAMS + 1);

  /** Stands on the event whose header begins at `from` and whose parameters end at `to`. False: its lengths do not add up, and it has none. */
  load(region: Region, from: number, to: number, schema: EventSchema, counted: boolean): boolean {
    this.region = region;
    const width = schema.flags & SchemaFlag.LARGE ? 4 : 2;
    if (!counted) return this.#guess(from + HEADER_V1, to, schema, width);
    return this.#lay(from + HEADER_V2, to, region.u32(from + HEADER_V1), width);
  }

  clear(): void {
    this.count = 0;
  }

  length(i: number): number {
    return i < this.count ? this.start[i + 1]! - this.start[i]! : 0;
  }

  has(i: number): boolean {
    return i < this.count;
  }

  /** A signed number of the parameter's own width. */
  int(i: number): number | null {
    if (i >= this.count) return null;
    const at = this.start[i]!;
    switch (this.start[i + 1]! - at) {
      case 8:
        return this.region.i64(at);
      case 4:
        return this.region.i32(at);
      case 2:
        return (this.region.u16(at) << 16) >> 16;
      case 1:
        return (this.region.bytes[at]! << 24) >> 24;
      default:
        return null;
    }
  }

  /** An unsigned number; of eight bytes those above 2^63 come out negative, and so keep all their digits. */
  uint(i: number): number | null {
    if (i >= this.count) return null;
    const at = this.start[i]!;
    switch (this.start[i + 1]! - at) {
      case 8:
        return this.region.i64(at);
      case 4:
        return this.region.u32(at);
      case 2:
        return this.region.u16(at);
      case 1:
        return this.region.bytes[at]!;
      default:
        return null;
    }
  }

  /** A view, good until the bytes are used again. */
  raw(i: number): Uint8Array | null {
    return i < this.count ? this.region.part(this.start[i]!, this.start[i + 1]) : null;
  }

  /** A text up to its NUL. */
  text(i: number): string | null {
    return i < this.count ? this.region.text(this.start[i]!, this.start[i + 1]!) : null;
  }

  /** `count` lengths and the values behind them. */
  #lay(lengths: number, to: number, count: number, width: 2 | 4): boolean {
    this.count = 0;
    if (count > MAX_PARAMS || lengths + count * width > to) return false;
    const { region, start } = this;
    let at = lengths + count * width;
    for (let i = 0; i < count; i++) {
      start[i] = at;
      at += width === 2 ? region.u16(lengths + i * 2) : region.u32(lengths + i * 4);
    }
    if (at > to) return false;
    this.start[count] = at;
    this.count = count;
    return true;
  }

  /** The first version does not say how many there are: the type's number, or the first below it for which all lengths fit. */
  #guess(lengths: number, to: number, schema: EventSchema, width: 2 | 4): boolean {
    for (let count = schema.params.length; count >= 0; count--) {
      if (this.#lay(lengths, to, count, width) && this.start[count] === to) return true;
    }
    for (let count = schema.params.length; count > 0; count--) if (this.#lay(lengths, to, count, width)) return true;
    this.count = 0;
    return false;
  }
}
