/** Sums, counts, least and largest numbers of groups of events. Sums are exact: a double holds whole numbers to 2^53, what is more is carried. */
import { BLOCK, type Block } from './coder.ts';
import type { Stat } from './fold-plan.ts';
import type { Fill } from './integers.ts';
import type { SqlValue } from './tables.ts';

/** Two of these are added exactly. */
const EXACT = 2 ** 52;

export class StatColumn {
  readonly column: string;
  readonly wanted: readonly Stat[];
  readonly #fill: Fill;
  readonly #numbers = new Float64Array(BLOCK);
  #counts = new Float64Array(0);
  #sums = new Float64Array(0);
  #least = new Float64Array(0);
  #most = new Float64Array(0);
  readonly #carried = new Map<number, bigint>();

  constructor(column: string, wanted: ReadonlySet<Stat>, fill: Fill) {
    this.column = column;
    this.wanted = [...wanted];
    this.#fill = fill;
  }

  add(block: Block, groups: Int32Array, size: number): void {
    const { rows } = block;
    this.#fill(block, this.#numbers);
    if (size > this.#counts.length) this.#grow(2 * size);
    const [numbers, counts] = [this.#numbers, this.#counts];
    for (let k = 0; k < rows; k++) if (!Number.isNaN(numbers[k]!)) counts[groups[k]!]!++;
    for (const stat of this.wanted) {
      if (stat === 'sum') this.#sum(groups, rows);
      else if (stat === 'min') this.#min(groups, rows);
      else if (stat === 'max') this.#max(groups, rows);
    }
  }

  values(group: number): readonly SqlValue[] {
    return this.wanted.map((stat) => {
      if (stat === 'count') return this.#counts[group]!;
      if (this.#counts[group] === 0) return null;
      if (stat === 'sum') return BigInt(this.#sums[group]!) + (this.#carried.get(group) ?? 0n);
      return stat === 'min' ? this.#least[group]! : this.#most[group]!;
    });
  }

  #sum(groups: Int32Array, rows: number): void {
    const [numbers, sums] = [this.#numbers, this.#sums];
    for (let k = 0; k < rows; k++) {
      const number = numbers[k]!;
      const group = groups[k]!;
      const sum = sums[group]! + number;
      if (sum <= EXACT && sum >= -EXACT) sums[group] = sum;
      else if (!Number.isNaN(number)) this.#carry(group, number);
    }
  }

  #carry(group: number, number: number): void {
    const isSmall = number <= EXACT && number >= -EXACT;
    const carried = BigInt(isSmall ? this.#sums[group]! : number);
    this.#carried.set(group, (this.#carried.get(group) ?? 0n) + carried);
    if (isSmall) this.#sums[group] = number;
  }

  #min(groups: Int32Array, rows: number): void {
    const [numbers, least] = [this.#numbers, this.#least];
    for (let k = 0; k < rows; k++) if (numbers[k]! < least[groups[k]!]!) least[groups[k]!] = numbers[k]!;
  }

  #max(groups: Int32Array, rows: number): void {
    const [numbers, most] = [this.#numbers, this.#most];
    for (let k = 0; k < rows; k++) if (numbers[k]! > most[groups[k]!]!) most[groups[k]!] = numbers[k]!;
  }

  #grow(size: number): void {
    const larger = (column: Float64Array, empty: number) => {
      const grown = new Float64Array(size).fill(empty, column.length);
      grown.set(column);
      return grown;
    };
    this.#counts = larger(this.#counts, 0);
    this.#sums = larger(this.#sums, 0);
    this.#least = larger(this.#least, Number.POSITIVE_INFINITY);
    this.#most = larger(this.#most, Number.NEGATIVE_INFINITY);
  }
}
