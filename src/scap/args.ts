/** The arguments of a file's events in the form of the `args` column. */
import { ArgWriter } from '../model/args.ts';
import { Cursor } from './cursor.ts';
import type { Params } from './params.ts';
import type { ArgPlan, TypePlan } from './types.ts';

const NOTHING = new Uint8Array(0);

/** Row of what a descriptor's number stands for at this moment; 0: unknown. */
export type FdRowOf = (number: number) => number;

/** Writes the arguments of one event after the other. */
export class ArgEncoder {
  readonly #writer = new ArgWriter();
  readonly #pair = new ArgWriter();
  readonly #fdRowOf: FdRowOf;

  constructor(fdRowOf: FdRowOf) {
    this.#fdRowOf = fdRowOf;
  }

  /** Bytes written since `reset`. */
  get length(): number {
    return this.#writer.length;
  }

  reset(): void {
    this.#writer.reset();
  }

  bytes(): Uint8Array {
    return this.#writer.bytes();
  }

  /** `params` of the event itself, `enter` of the one that began its call. */
  event({ args }: TypePlan, params: Params, enter: Params): void {
    for (let k = 0; k < args.length; k++) this.#arg(args[k]!, args[k]!.ofEnter ? enter : params);
  }

  #arg({ index, how }: ArgPlan, params: Params): void {
    switch (how) {
      case 'number':
        this.#writer.number(params.int(index) ?? 0);
        return;
      case 'unsigned':
        this.#writer.number(params.uint(index) ?? 0);
        return;
      case 'text':
        this.#blob(params, index, 1);
        return;
      case 'bytes':
        this.#blob(params, index, 0);
        return;
      case 'fd':
        this.#pair.reset();
        this.#fd(params.int(index) ?? -1);
        this.#writer.blob(this.#pair.bytes());
        return;
      case 'fdlist':
        this.#writer.blob(this.#fdlist(params.raw(index)));
    }
  }

  /** `nul`: 1 where a NUL at the end does not count. */
  #blob(params: Params, index: number, nul: 0 | 1): void {
    if (index >= params.count) {
      this.#writer.blob(null);
      return;
    }
    const from = params.start[index]!;
    let to = params.start[index + 1]!;
    if (nul === 1 && to > from && params.region.bytes[to - 1] === 0) to--;
    this.#writer.part(params.region.bytes, from, to);
  }

  /** A descriptor's number, and the row of what it is. */
  #fd(number: number): void {
    this.#pair.number(number);
    this.#pair.number(this.#fdRowOf(number));
  }

  #fdlist(raw: Uint8Array | null): Uint8Array | null {
    if (raw === null || raw.length < 2) return raw;
    this.#pair.reset();
    eachFd(raw, (number, flags) => {
      this.#fd(number);
      this.#pair.number(flags);
    });
    return this.#pair.bytes();
  }
}

/** Calls `work` for each descriptor among the arguments of an event, in their order. */
export function eachFdArg({ fdArgs }: TypePlan, params: Params, enter: Params, work: (number: number) => void): void {
  for (const { ofEnter, index, how } of fdArgs) {
    const from = ofEnter ? enter : params;
    if (how === 'fd') work(from.int(index) ?? -1);
    else eachFd(from.raw(index) ?? NOTHING, work);
  }
}

/** Calls `work` for each descriptor of a list, as poll takes it. */
function eachFd(raw: Uint8Array, work: (number: number, flags: number) => void): void {
  const at = new Cursor(raw, 0, raw.length);
  for (let left = at.u16(); left > 0 && at.left >= 10; left--) work(at.i64(), at.u16());
}
