/**
 * DNS messages of a recording. A filter may ask for those of any event before it is known whether the event is stored, so there is a table of all;
 * those of stored events become rows of the capture.
 */
import type { DnsRow, DnsSocketRow, ResolverRow } from '../model/dns.ts';
import { type DimensionTables, Table } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import type { KeptEvents } from './kept.ts';

/** ns: messages are remembered for so long; longer than any resolver waits. */
const MESSAGES_KEPT = 150 * SECOND;

export class DnsRows {
  /** Those of all events. */
  readonly all = new Table<DnsRow>();
  readonly #tables: DimensionTables;

  constructor(tables: DimensionTables) {
    this.#tables = tables;
  }

  /** Messages of stored events up to a number become rows of the capture; those that are there already may have changed. */
  store(kept: KeptEvents, upTo = Infinity): void {
    const { dns } = this.#tables;
    for (const row of this.all.takeChanged()) {
      if (row.num > upTo) this.all.touch(row);
      else if (kept.hasMessage(row) || dns.get(row.id) !== undefined) dns.put(row);
    }
    if (upTo === Infinity) kept.messagesTaken();
  }

  /** Lets go of what is older than any resolver waits, and of what threads that are gone had. `now`: ns since the capture's start. */
  forgetOld(now: number): void {
    for (const table of [this.all, this.#tables.dns]) forgetBefore(table, now - MESSAGES_KEPT);
    for (const table of [this.#tables.dnsSockets, this.#tables.resolvers]) this.#forgetUnused(table);
  }

  /** Of threads that are gone, in the order of their rows as far as they are. */
  #forgetUnused(table: Table<DnsSocketRow> | Table<ResolverRow>): void {
    for (const { id, thread } of table.all()) {
      if (this.#tables.threads.get(thread) !== undefined) return;
      table.delete(id);
    }
  }
}

/** Rows come in the order of their times. */
function forgetBefore(table: Table<DnsRow>, time: number): void {
  for (const row of table.all()) {
    if (row.time >= time) return;
    table.delete(row.id);
  }
}
