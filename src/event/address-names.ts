import type { DnsRow } from '../model/dns.ts';
import { firstAfter, type Validity } from '../model/history.ts';
import type { Rows } from '../model/rows.ts';

/** A name that an address was answered for. */
interface Named {
  readonly name: string;
  /** When it was first answered. */
  readonly from: number;
  /** All answers of the name with addresses of that family. */
  readonly answers: readonly Answer[];
}

interface Answer {
  readonly from: number;
  readonly addresses: ReadonlySet<string>;
}

/** Which names the capture's own DNS answers gave an address for. Sees answers that are added later. */
export class AddressNames {
  readonly #rows: Rows<DnsRow>;
  readonly #byAddress = new Map<string, Named[]>();
  /** By type and name. */
  readonly #byName = new Map<string, Answer[]>();
  #seen = 0;

  constructor(rows: Rows<DnsRow>) {
    this.#rows = rows;
  }

  /**
   * Names whose answers had the address by then, in the order in which they were first answered; where there were none yet, those that
   * came later. A name that has since been answered otherwise gives way to one that has not. Narrows `validity`.
   */
  of(address: string, time: number, validity: Validity): readonly string[] {
    if (this.#seen < this.#rows.lastId) {
      for (const row of this.#rows.above(this.#seen)) if (row.response) this.#add(row);
      this.#seen = this.#rows.lastId;
    }
    const all = this.#byAddress.get(address) ?? [];
    const known = all.filter(({ from }) => within(from, time, validity));
    const valid = known.length < 2 ? known : known.filter(({ answers }) => lastOf(answers, time, validity).has(address));
    const found = valid.length > 0 ? valid : known.length > 0 ? known : all;
    return found.map(({ name }) => name);
  }

  #add({ qname, answers, time }: DnsRow): void {
    for (const type of ['A', 'AAAA']) {
      const addresses = new Set(answers.filter((answer) => answer.type === type).map(({ data }) => data));
      if (addresses.size === 0) continue;
      const key = `${type} ${qname}`;
      const given = this.#byName.get(key) ?? [];
      this.#byName.set(key, given);
      given.push({ from: time, addresses });
      for (const address of addresses) this.#name(address, { name: qname, from: time, answers: given });
    }
  }

  #name(address: string, named: Named): void {
    const names = this.#byAddress.get(address) ?? [];
    if (!names.some(({ name }) => name === named.name)) names.push(named);
    this.#byAddress.set(address, names);
  }
}

/** Whether something that happened at `from` had happened by `time`. */
function within(from: number, time: number, validity: Validity): boolean {
  if (from <= time) validity.from = Math.max(validity.from, from);
  else validity.until = Math.min(validity.until, from);
  return from <= time;
}

/** What was answered last by a time; messages come in the order of time. */
function lastOf(answers: readonly Answer[], time: number, validity: Validity): ReadonlySet<string> {
  const after = firstAfter(answers, time);
  const [last, next] = [answers[after - 1], answers[after]];
  if (last !== undefined) validity.from = Math.max(validity.from, last.from);
  if (next !== undefined) validity.until = Math.min(validity.until, next.from);
  return last?.addresses ?? NONE;
}

const NONE: ReadonlySet<string> = new Set();
