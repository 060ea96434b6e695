/**
 * What several sources say of containers or objects, as rows: one row a version, so that each moment keeps the values that it had.
 * The more trusted source decides each field that it has ever told; what it leaves open the next one fills in.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NameSource } from '../model/kube.ts';
import type { Table } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';

/** `changes`: another value is another version. `late`: as that, but an empty value was not known yet. `gathers`: a list that only grows. */
export type Rule = 'changes' | 'late' | 'gathers';

interface Version {
  readonly id: number;
  readonly source: string | null;
  readonly from: number;
  to: number | null;
}

/** What a source says of a row. */
export type Word<Row extends Version> = Omit<Row, 'id' | 'from' | 'to' | 'source'>;

export interface LedgerLimits {
  /** Of one container or object; the last then takes what is new in. */
  readonly versions: number;
  readonly rows: number;
  /** Characters of all rows, as JSON. */
  readonly size: number;
}

interface Said<Row extends Version> {
  readonly word: Word<Row>;
  /** Fields for which it speaks, even when it empties them. */
  readonly speaks: ReadonlySet<string>;
}

interface Entry<Row extends Version> {
  /** Ascending in time, never empty. */
  readonly rows: Row[];
  readonly said: Map<NameSource, Said<Row>>;
  /** The first row's begin is when the thing was made, not when it was told. */
  dated: boolean;
}

export class Ledger<Row extends Version> {
  readonly #table: Table<Row>;
  readonly #ranks: readonly NameSource[];
  readonly #ruleOf: (field: string, word: Word<Row>) => Rule;
  readonly #limits: LedgerLimits;
  readonly #entries = new Map<string, Entry<Row>>();
  #rows = 0;
  #size = 0;
  /** Things not taken up, and changes that have no version of their own. */
  readonly dropped = { things: 0, changes: 0 };

  /** `ranks`: the most trusted first. */
  constructor(table: Table<Row>, ranks: readonly NameSource[], ruleOf: (field: string, word: Word<Row>) => Rule, limits: LedgerLimits) {
    this.#table = table;
    this.#ranks = ranks;
    this.#ruleOf = ruleOf;
    this.#limits = limits;
  }

  /**
   * `key`: what never changes of it. `made`: since when it is there, null where that is not told; times are ns since the capture's start.
   * `given`: fields that, whoever told them, it has no more when the word has them empty.
   */
  tell(key: string, source: NameSource, word: Word<Row>, made: number | null, now: number, given: readonly string[] = []): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#begin(key, source, word, made, now);
    else this.#goOn(entry, source, word, made, now, given);
  }

  /** It stays in the capture: older events belong to it. Only the most trusted of those who told of it can say so. */
  gone(key: string, source: NameSource, now: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#speaker(entry) !== source) return;
    this.#close(entry.rows.at(-1)!, now);
  }

  #begin(key: string, source: NameSource, word: Word<Row>, made: number | null, now: number): void {
    if (this.#full) {
      this.dropped.things++;
      return;
    }
    const row = this.#add({ ...word, source, from: Math.min(made ?? now, now), to: null });
    const entry: Entry<Row> = { rows: [row], said: new Map(), dated: made !== null };
    this.#entries.set(key, entry);
    this.#hear(entry, source, word);
  }

  #goOn(entry: Entry<Row>, source: NameSource, word: Word<Row>, made: number | null, now: number, given: readonly string[]): void {
    const before = entry.said.get(source);
    const ended = entry.rows.at(-1)!.to !== null;
    if (before !== undefined && !ended && isDeepStrictEqual(before.word, word)) return;
    this.#hear(entry, source, word, given);
    this.#fill(entry, this.#merged(entry), before === undefined);
    this.#sign(entry, made);
    if (!ended) this.#change(entry, now);
    else if (this.#speaker(entry) === source) this.#next(entry, now);
  }

  #hear({ rows, said }: Entry<Row>, source: NameSource, word: Word<Row>, given: readonly string[] = []): void {
    const speaks = new Set(said.get(source)?.speaks);
    for (const field of given) if (!isEmpty(fieldOf(rows.at(-1)!, field))) speaks.add(field);
    for (const [field, value] of Object.entries(word)) if (!isEmpty(value)) speaks.add(field);
    said.set(source, { word, speaks });
  }

  /** What was unknown and is known now was so all the time. A source's first word corrects what less trusted ones said. */
  #fill({ rows }: Entry<Row>, merged: Word<Row>, first: boolean): void {
    const last = rows.at(-1)!;
    for (const [field, value] of Object.entries(merged)) {
      const known = fieldOf(last, field);
      if (isEmpty(value) || isDeepStrictEqual(known, value)) continue;
      const rule = this.#ruleOf(field, merged);
      if (rule === 'gathers' || (first && !isEmpty(known))) this.#set(last, field, value);
      else if (first || (rule === 'late' && isEmpty(known))) this.#setWhereEmpty(rows, field, value);
    }
  }

  #setWhereEmpty(rows: readonly Row[], field: string, value: unknown): void {
    for (let i = rows.length - 1; i >= 0 && isEmpty(fieldOf(rows[i]!, field)); i--) this.#set(rows[i]!, field, value);
  }

  #sign(entry: Entry<Row>, made: number | null): void {
    const last = entry.rows.at(-1)!;
    const source = this.#ranks.filter((one) => entry.said.has(one)).join('+');
    if (last.source !== source) this.#set(last, 'source', source);
    if (made === null || (entry.dated && made > entry.rows[0]!.from - SECOND)) return; // the API's times are of whole seconds
    entry.dated = true;
    this.#set(entry.rows[0]!, 'from', Math.min(made, entry.rows[0]!.from));
  }

  /** A version of its own for what differs now. */
  #change(entry: Entry<Row>, now: number): void {
    const last = entry.rows.at(-1)!;
    const merged = this.#merged(entry);
    const differs = Object.entries(merged).some(([field, value]) => !isDeepStrictEqual(fieldOf(last, field), value));
    if (differs) this.#next(entry, now);
  }

  #next(entry: Entry<Row>, now: number): void {
    const last = entry.rows.at(-1)!;
    const merged = this.#merged(entry);
    const full = this.#full || entry.rows.length >= this.#limits.versions;
    if (full) this.dropped.changes++;
    if (full || last.from >= now) {
      for (const [field, value] of Object.entries({ ...merged, to: null })) this.#set(last, field, value);
      return;
    }
    if (last.to === null) this.#close(last, now);
    entry.rows.push(this.#add({ ...merged, source: last.source, from: now, to: null }));
  }

  #merged({ rows, said }: Entry<Row>): Word<Row> {
    const words = this.#ranks.flatMap((source) => said.get(source) ?? []);
    const most = words[0]!.word;
    const fields = Object.keys(most).map((field): [string, unknown] => {
      if (this.#ruleOf(field, most) === 'gathers')
        return [field, gathered([fieldOf(rows.at(-1)!, field), ...words.map(({ word }) => fieldOf(word, field))])];
      const speaker = words.find(({ speaks }) => speaks.has(field));
      return [field, fieldOf((speaker ?? words[0]!).word, field)];
    });
    return Object.fromEntries(fields) as unknown as Word<Row>;
  }

  #speaker({ said }: Entry<Row>): NameSource | undefined {
    return this.#ranks.find((source) => said.has(source));
  }

  get #full(): boolean {
    return this.#rows >= this.#limits.rows || this.#size >= this.#limits.size;
  }

  #add(fields: object): Row {
    this.#rows++;
    this.#size += JSON.stringify(fields).length;
    return this.#table.add(fields as Omit<Row, 'id'>);
  }

  #close(row: Row, now: number): void {
    if (row.to === null) this.#set(row, 'to', Math.max(row.from, now));
  }

  /** Rows keep their identity: who holds one sees what became known of it. */
  #set(row: Row, field: string, value: unknown): void {
    Object.assign(row, { [field]: value });
    this.#table.touch(row);
  }
}

function fieldOf(row: object, field: string): unknown {
  return (row as Readonly<Record<string, unknown>>)[field];
}

function gathered(lists: readonly unknown[]): unknown[] {
  return [...new Set(lists.flatMap((list) => (Array.isArray(list) ? list : [])))];
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
