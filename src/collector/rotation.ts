/** `-C MB -G SEC -W N -e EVENTS`: the next file of a recording when one is full, and of the older ones the last N. */
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { SegmentState, Segments } from './segments.ts';

export interface RotationLimits {
  readonly bytes: number;
  /** ns. */
  readonly span: number;
  readonly events: number;
  /** Files that are kept, with the one that is being written. */
  readonly files: number;
}

const MAX_DIGITS = 9;

export class Rotation implements Segments {
  readonly maxEvents: number;
  readonly #limits: RotationLimits;
  readonly #folder: string;
  readonly #stem: string;
  readonly #extension: string;
  readonly #written: string[] = [];
  #number: number;

  /** `path`: `x.trowel` gives `x-1.trowel`, `x-2.trowel` …; where such files are, it goes on behind them. */
  constructor(path: string, limits: RotationLimits) {
    this.#limits = limits;
    this.maxEvents = limits.events;
    this.#folder = dirname(path);
    this.#extension = extname(path);
    this.#stem = basename(path, this.#extension);
    this.#number = lastNumber(this.#folder, this.#stem, this.#extension);
  }

  /** The path of the first file. */
  first(): string {
    return this.#nextPath();
  }

  isFull({ bytes, from, to, events }: SegmentState): boolean {
    return events > 0 && (bytes >= this.#limits.bytes || to - from >= this.#limits.span || events >= this.maxEvents);
  }

  next(): string {
    const path = this.#nextPath();
    while (this.#written.length > this.#limits.files) rmSync(this.#written.shift()!, { force: true });
    return path;
  }

  /** How many files there are, and the last one. */
  get files(): readonly string[] {
    return this.#written;
  }

  #nextPath(): string {
    const path = join(this.#folder, `${this.#stem}-${++this.#number}${this.#extension}`);
    this.#written.push(path);
    return path;
  }
}

/** The largest number of a file of that name; 0: there is none. */
function lastNumber(folder: string, stem: string, extension: string): number {
  const numbers = readdirSync(folder)
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension))
    .map((name) => name.slice(stem.length + 1, name.length - extension.length))
    .filter((digits) => digits.length <= MAX_DIGITS && /^[0-9]+$/.test(digits))
    .map(Number);
  return Math.max(0, ...numbers);
}
