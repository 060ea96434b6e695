/** The flight recorder's disk: a folder of small captures, of which the oldest go as new ones come. */
import { mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { giveFolder } from '../store/owner.ts';
import type { SegmentState, Segments } from './segments.ts';

export interface RingLimits {
  /** ns that are kept. */
  readonly span: number;
  /** Bytes on disk, at most. */
  readonly bytes: number;
  /** Share of the file system that stays free, 0 to 1. */
  readonly keepFree: number;
}

/** A closed part of the ring. */
export interface RingPart extends SegmentState {
  readonly path: string;
}

/** The ring consists of so many parts: one more or less is by how much it is longer or shorter than asked. */
const PARTS = 16;
/** ns: shorter parts cost more than they save. */
const SHORTEST = 1e9;

export class Ring implements Segments {
  readonly maxEvents = Infinity;
  readonly #folder: string;
  readonly #limits: RingLimits;
  #parts: RingPart[] = [];
  #path = '';
  #number = 0;
  /** Parts that somebody reads: they stay until he is done. */
  readonly #held = new Map<string, number>();
  readonly #dropped = new Set<string>();
  /** Is told of each part that is closed, before older ones go. */
  onClosed: (part: RingPart) => void = () => {};

  constructor(folder: string, limits: RingLimits) {
    this.#folder = folder;
    this.#limits = limits;
    giveFolder(mkdirSync(folder, { recursive: true, mode: 0o700 }));
  }

  /** The path of the first part. */
  first(): string {
    this.#path = join(this.#folder, `${String(++this.#number).padStart(8, '0')}.trowel`);
    return this.#path;
  }

  isFull({ bytes, from, to }: SegmentState): boolean {
    const { span, bytes: most } = this.#limits;
    if (to - from >= Math.max(SHORTEST, span / PARTS) || bytes >= most / PARTS) return to > from;
    return this.#isTight() && this.#makeRoom();
  }

  next(segment: SegmentState): string {
    const part = { ...segment, path: this.#path };
    this.#parts.push(part);
    this.onClosed(part);
    this.#dropOld(segment.to);
    return this.first();
  }

  /** Closed parts that reach beyond a time, oldest first. */
  since(time: number): readonly RingPart[] {
    return this.#parts.filter(({ to }) => to >= time);
  }

  /** The part that is being written; none behind the end. */
  get growing(): readonly Pick<RingPart, 'path'>[] {
    return this.#path === '' ? [] : [{ path: this.#path }];
  }

  /** The recording ended: the last part is closed, too. */
  finish(segment: SegmentState): void {
    this.#parts.push({ ...segment, path: this.#path });
    this.#path = '';
  }

  /** Keeps parts on disk until `release`, whatever the limits. */
  hold(parts: readonly Pick<RingPart, 'path'>[]): void {
    for (const { path } of parts) this.#held.set(path, (this.#held.get(path) ?? 0) + 1);
  }

  release(parts: readonly Pick<RingPart, 'path'>[]): void {
    for (const { path } of parts) {
      const left = (this.#held.get(path) ?? 1) - 1;
      if (left > 0) this.#held.set(path, left);
      else {
        this.#held.delete(path);
        if (this.#dropped.delete(path)) remove(path);
      }
    }
  }

  /** Bytes of its closed parts. */
  get bytes(): number {
    return this.#parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Removes all of it. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #dropOld(now: number): void {
    const { span, bytes } = this.#limits;
    const room = bytes - bytes / PARTS; // what the part that comes may take
    while (this.#parts.length > 1 && (this.bytes > room || this.#parts[1]!.from <= now - span)) this.#dropOldest();
    while (this.#parts.length > 0 && this.#isTight()) this.#dropOldest();
  }

  /** Gives up parts while the file system has too little left; true where the part that is being written must end, too. */
  #makeRoom(): boolean {
    while (this.#parts.length > 0 && this.#isTight()) this.#dropOldest();
    return this.#isTight();
  }

  #dropOldest(): void {
    const { path } = this.#parts.shift()!;
    if (this.#held.has(path)) this.#dropped.add(path);
    else remove(path);
  }

  #isTight(): boolean {
    if (this.#limits.keepFree === 0) return false;
    const { bavail, blocks } = statfsSync(this.#folder);
    return bavail < blocks * this.#limits.keepFree;
  }
}

function remove(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

/** Parts that a recorder left behind that was killed, in order. */
export function partsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.trowel'))
    .sort()
    .map((name) => join(folder, name));
}
