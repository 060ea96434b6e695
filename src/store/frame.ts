/** How numbers are best laid down: the width that takes the fewest bytes, and the few values that are too far away for it. */

export type TypedNumbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;
export type Width = 0 | 1 | 2 | 4 | 8;
export const WIDTHS: ReadonlySet<number> = new Set([0, 1, 2, 4, 8]);

/** A far value with its place. */
export const FAR_BYTES = 10;
/** As many values tell whether it is worth the time to look for far ones. */
const SAMPLE = 512;
/** As many places as a uint16 names. */
export const PLACES = 2 ** 16;
export interface Extent {
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** The extremes, and how many runs of equal values there are. */
export function survey(values: Float64Array): Extent {
  if (values.length === 0) return { min: 0, max: 0, runs: 0 };
  let min = values[0]!;
  let max = min;
  let previous = min;
  let runs = 1;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value !== previous) runs++;
    previous = value;
  }
  return { min, max, runs };
}

/** How values are to be stored. */
export interface Frame {
  readonly values: Float64Array;
  readonly width: Width;
  /** What is subtracted from each. */
  readonly base: number;
  /** How many do not fit the width. */
  readonly far: number;
  /** What it comes to. */
  readonly bytes: number;
}

/** The width that takes the fewest bytes. */
export function frameOf(values: Float64Array, { min, max }: Extent): Frame {
  const n = values.length;
  const widest = widthOf(max - min);
  // Nothing needs to be added to distances from 0.
  const base = widest > 0 && min >= 0 && widthOf(max) === widest ? 0 : min;
  const plain: Frame = { values, width: widest, base: widest === 8 ? 0 : base, far: 0, bytes: widest * n };
  if (widest < 2 || n >= PLACES) return plain;
  const some = narrower(values, base, Math.ceil(n / SAMPLE), widest);
  const all = some === null ? null : narrower(values, base, 1, widest);
  return all === null ? plain : { values, base, ...all };
}

/** The width that takes the fewest bytes of every so many values, where it is not the widest. */
function narrower(values: Float64Array, base: number, every: number, widest: Width): Pick<Frame, 'width' | 'far' | 'bytes'> | null {
  const n = Math.ceil(values.length / every);
  let best = null;
  let least = widest * n;
  for (const [width, far] of beyond(values, base, every)) {
    const bytes = width * n + far * FAR_BYTES;
    if (bytes >= least) continue;
    best = { width, far, bytes };
    least = bytes;
  }
  return best;
}

/** How many of every so many values lie further above `base` than each width holds. */
function beyond(values: Float64Array, base: number, every: number): [Width, number][] {
  let far1 = 0;
  let far2 = 0;
  let far4 = 0;
  for (let i = 0; i < values.length; i += every) {
    const distance = values[i]! - base;
    if (distance < 2 ** 8) continue;
    far1++;
    if (distance < 2 ** 16) continue;
    far2++;
    if (distance >= 2 ** 32) far4++;
  }
  return [
    [1, far1],
    [2, far2],
    [4, far4],
  ];
}

/** The values that are `reach` or more above `base`, then their places, as bytes; `base` is left where they were. */
export function takeFar(values: Float64Array, base: number, reach: number, far: number): Uint8Array {
  const bytes = new Uint8Array(far * FAR_BYTES);
  const taken = new Float64Array(bytes.buffer, 0, far);
  const places = new Uint16Array(bytes.buffer, far * 8, far);
  for (let i = 0, k = 0; i < values.length; i++) {
    if (values[i]! - base < reach) continue;
    taken[k] = values[i]!;
    places[k++] = i;
    values[i] = base;
  }
  return bytes;
}

function widthOf(range: number): Width {
  if (range === 0) return 0;
  if (range < 2 ** 8) return 1;
  if (range < 2 ** 16) return 2;
  return range < 2 ** 32 ? 4 : 8;
}
