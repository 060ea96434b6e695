/** `-C MB -G SEC -W N -e EVENTS`: the next file of a recording when one is full, and of the older ones the last N. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
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
  /** Those of earlier recordings, too, oldest first: a recorder that is started again and again keeps as many. */
  readonly #kept: string[];
  #number: number;

  /** `path`: `x.trowel` gives `x-1.trowel`, `x-2.trowel` …; where such files are, it goes on behind them. */
  constructor(path: string, limits: RotationLimits) {
    this.#limits = limits;
    this.maxEvents = limits.events;
    this.#folder = dirname(path);
    this.#extension = extname(path);
    this.#stem = basename(path, this.#extension);
    const earlier = numbersOf(this.#folder, this.#stem, this.#extension);
    this.#number = earlier.at(-1) ?? 0;
    this.#kept = limits.files === Infinity ? [] : earlier.map((number) => this.#pathOf(number));
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
    this.#dropOld();
    return path;
  }

  /** Those of this recording that are kept. */
  get files(): readonly string[] {
    return this.#written;
  }

  #nextPath(): string {
    do this.#number++;
    while (existsSync(this.#pathOf(this.#number))); // another recorder's of the same name
    const path = this.#pathOf(this.#number);
    this.#written.push(path);
    if (this.#limits.files < Infinity) this.#kept.push(path);
    return path;
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${this.#stem}-${number}${this.#extension}`);
  }

  #dropOld(): void {
    while (this.#kept.length > this.#limits.files) {
      const path = this.#kept.shift()!;
      if (this.#written[0] === path) this.#written.shift();
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    }
  }
}

/** Of the files of that name, ascending. */
function numbersOf(folder: string, stem: string, extension: string): readonly number[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension))
    .map((name) => name.slice(stem.length + 1, name.length - extension.length))
    .filter((digits) => digits.length <= MAX_DIGITS && /^[0-9]+$/.test(digits))
    .map(Number)
    .sort((a, b) => a - b);
}
