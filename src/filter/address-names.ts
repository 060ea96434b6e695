import type { DnsRow } from '../model/dns.ts';
import type { Rows } from '../model/rows.ts';

/** Which names the capture's own DNS answers gave an address for. Sees answers that are added later. */
export class AddressNames {
  readonly #rows: Rows<DnsRow>;
  readonly #byAddress = new Map<string, string[]>();
  #seen = 0;

  constructor(rows: Rows<DnsRow>) {
    this.#rows = rows;
  }

  /** Names whose answers had the address, in the order in which they were first answered. */
  of(address: string): readonly string[] {
    for (; this.#seen < this.#rows.lastId; this.#seen++) {
      const row = this.#rows.get(this.#seen + 1);
      if (row?.response === true) this.#add(row);
    }
    return this.#byAddress.get(address) ?? [];
  }

  #add({ qname, answers }: DnsRow): void {
    for (const { type, data } of answers) {
      if (type !== 'A' && type !== 'AAAA') continue;
      const names = this.#byAddress.get(data) ?? [];
      if (!names.includes(qname)) names.push(qname);
      this.#byAddress.set(data, names);
    }
  }
}
