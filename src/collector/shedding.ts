/** `--max-cpu 5%`: a recorder that costs more than it may records less, in a stated order, and says which stretches are missing. */
import type { Family } from '../model/calls.ts';
import type { DimensionTables, LossRow } from '../model/rows.ts';

/** What goes first, until it costs little enough: what is many and says least of requests. Processes and packets always stay. */
export const SHED_ORDER = ['ipc', 'file', 'wait', 'net'] as const satisfies readonly Family[];

/** Looks in a row that it may cost too much before something goes. */
const PATIENCE = 2;
/** Taken back when it costs less than this share of what it may, for so many looks; longer each time that it was too early. */
const LITTLE = 0.5;
const FIRST_CALM = 30;
const LONGEST_CALM = 1_200;

/** Decides what is shed. */
export class Shedder {
  readonly #most: number;
  #shed = 0;
  #above = 0;
  #calm = 0;
  #wanted = FIRST_CALM;
  /** Looks since something was taken back. */
  #sinceBack = Infinity;

  /** `most`: share of one CPU. */
  constructor(most: number) {
    this.#most = most;
  }

  get families(): readonly Family[] {
    return SHED_ORDER.slice(0, this.#shed);
  }

  /** `share`: what it cost since the last look. True: what is shed changed. */
  look(share: number): boolean {
    this.#sinceBack++;
    this.#above = share > this.#most ? this.#above + 1 : 0;
    this.#calm = share < this.#most * LITTLE ? this.#calm + 1 : 0;
    if (this.#above >= PATIENCE && this.#shed < SHED_ORDER.length) return this.#shedMore();
    if (this.#calm >= this.#wanted && this.#shed > 0) return this.#takeBack();
    return false;
  }

  #shedMore(): boolean {
    if (this.#sinceBack < FIRST_CALM) this.#wanted = Math.min(2 * this.#wanted, LONGEST_CALM);
    this.#shed++;
    this.#above = this.#calm = 0;
    return true;
  }

  #takeBack(): boolean {
    this.#shed--;
    this.#calm = this.#sinceBack = 0;
    return true;
  }
}

/** The stretches in which something was shed, as losses of which nobody knows how many events they were. */
export class ShedStretches {
  readonly #losses: DimensionTables['losses'];
  readonly #open = new Map<Family, LossRow>();

  constructor({ losses }: DimensionTables) {
    this.#losses = losses;
  }

  /** From a time on, ns. */
  set(families: readonly Family[], time: number): void {
    this.extend(time);
    for (const family of [...this.#open.keys()]) if (!families.includes(family)) this.#open.delete(family);
    for (const family of families) if (!this.#open.has(family)) this.#begin(family, time);
  }

  /** They still go on. */
  extend(time: number): void {
    for (const [family, row] of this.#open) if (time > row.to) this.#open.set(family, this.#losses.put({ ...row, to: time }));
  }

  /** Another file has stretches of its own. */
  renew(time: number): void {
    const families = [...this.#open.keys()];
    this.#open.clear();
    this.set(families, time);
  }

  #begin(family: Family, time: number): void {
    this.#open.set(family, this.#losses.add({ reason: 'shed', cpu: 0, family, count: 0, from: time, to: time }));
  }
}
