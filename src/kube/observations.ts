/**
 * Observations of containers or objects by several sources, merged into rows: one row a version, so that each moment keeps its values.
 * Precedence decides each field: the first source that has ever had a value for it; the next one fills in what that leaves open.
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

/** What a source observed: a row without what merging adds. */
export type Observation<Row extends Version> = Omit<Row, 'id' | 'from' | 'to' | 'source'>;

export interface RowLimits {
  /** Of one container or object; the last then takes what is new in. */
  readonly versions: number;
  readonly rows: number;
  /** Characters of all rows, as JSON. */
  readonly size: number;
}

interface Observed<Row extends Version> {
  readonly observation: Observation<Row>;
  /** Fields that the source has had a value for: it decides them, even when it empties them. */
  readonly decides: ReadonlySet<string>;
}

interface Entry<Row extends Version> {
  /** Ascending in time, never empty. */
  readonly rows: Row[];
  readonly observed: Map<NameSource, Observed<Row>>;
  /** The first row begins when the thing was made, not when it was first observed. */
  dated: boolean;
}

export class Observations<Row extends Version> {
  readonly #table: Table<Row>;
  readonly #precedence: readonly NameSource[];
  readonly #ruleOf: (field: string, observation: Observation<Row>) => Rule;
  readonly #limits: RowLimits;
  readonly #entries = new Map<string, Entry<Row>>();
  #rows = 0;
  #size = 0;
  /** Characters of a row when it was added. */
  readonly #sizes = new WeakMap<Row, number>();
  /** Things for which there was no room, and changes without a version of their own. */
  readonly dropped = { things: 0, changes: 0 };

  /** `precedence`: the source that decides first. */
  constructor(
    table: Table<Row>,
    precedence: readonly NameSource[],
    ruleOf: (field: string, observation: Observation<Row>) => Rule,
    limits: RowLimits,
  ) {
    this.#table = table;
    this.#precedence = precedence;
    this.#ruleOf = ruleOf;
    this.#limits = limits;
  }

  /**
   * `key`: what never changes of it. `made`: since when it exists, null where that is not known; times are ns since the capture's start.
   * `clears`: fields that this observation may clear, whichever source had them.
   */
  observe(
    key: string,
    source: NameSource,
    observation: Observation<Row>,
    made: number | null,
    now: number,
    clears: readonly string[] = [],
  ): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#begin(key, source, observation, made, now);
    else this.#update(entry, source, observation, made, now, clears);
  }

  /** It stays in the capture: older events belong to it. Only the first by precedence of the sources that observed it can say so. */
  gone(key: string, source: NameSource, now: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#first(entry) !== source) return;
    this.#close(entry.rows.at(-1)!, now);
  }

  /** Lets go of versions that were over before a time, of which no event will be any more; gives the last ones of what was gone by then. */
  forget(before: number): Row[] {
    const gone: Row[] = [];
    for (const [key, { rows }] of this.#entries) {
      while (rows.length > 1 && rows[0]!.to !== null && rows[0]!.to < before) this.#drop(rows.shift()!);
      const [last] = rows;
      if (rows.length > 1 || last!.to === null || last!.to >= before) continue;
      gone.push(last!);
      this.remove(key);
    }
    return gone;
  }

  remove(key: string): void {
    for (const row of this.#entries.get(key)?.rows ?? []) this.#drop(row);
    this.#entries.delete(key);
  }

  #drop(row: Row): void {
    this.#rows--;
    this.#size -= this.#sizes.get(row) ?? 0;
    this.#table.delete(row.id);
  }

  #begin(key: string, source: NameSource, observation: Observation<Row>, made: number | null, now: number): void {
    if (this.#full) {
      this.dropped.things++;
      return;
    }
    const row = this.#add({ ...observation, source, from: Math.min(made ?? now, now), to: null });
    const entry: Entry<Row> = { rows: [row], observed: new Map(), dated: made !== null };
    this.#entries.set(key, entry);
    this.#remember(entry, source, observation);
  }

  #update(
    entry: Entry<Row>,
    source: NameSource,
    observation: Observation<Row>,
    made: number | null,
    now: number,
    clears: readonly string[],
  ): void {
    const before = entry.observed.get(source);
    const ended = entry.rows.at(-1)!.to !== null;
    if (before !== undefined && !ended && isDeepStrictEqual(before.observation, observation)) return;
    this.#remember(entry, source, observation, clears);
    this.#fill(entry, this.#merged(entry), before === undefined);
    this.#credit(entry, made);
    if (!ended) this.#change(entry, now);
    else if (this.#first(entry) === source) this.#next(entry, now);
  }

  #remember({ rows, observed }: Entry<Row>, source: NameSource, observation: Observation<Row>, clears: readonly string[] = []): void {
    const decides = new Set(observed.get(source)?.decides);
    for (const field of clears) if (!isEmpty(fieldOf(rows.at(-1)!, field))) decides.add(field);
    for (const [field, value] of Object.entries(observation)) if (!isEmpty(value)) decides.add(field);
    observed.set(source, { observation, decides });
  }

  /** A value that becomes known held all the time. A source's first observation corrects those of later precedence. */
  #fill({ rows }: Entry<Row>, merged: Observation<Row>, first: boolean): void {
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

  #credit(entry: Entry<Row>, made: number | null): void {
    const last = entry.rows.at(-1)!;
    const source = this.#precedence.filter((one) => entry.observed.has(one)).join('+');
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

  #merged({ rows, observed }: Entry<Row>): Observation<Row> {
    const observations = this.#precedence.flatMap((source) => observed.get(source) ?? []);
    const most = observations[0]!.observation;
    const fields = Object.keys(most).map((field): [string, unknown] => {
      if (this.#ruleOf(field, most) === 'gathers')
        return [field, gathered([fieldOf(rows.at(-1)!, field), ...observations.map(({ observation }) => fieldOf(observation, field))])];
      const decider = observations.find(({ decides }) => decides.has(field));
      return [field, fieldOf((decider ?? observations[0]!).observation, field)];
    });
    return Object.fromEntries(fields) as unknown as Observation<Row>;
  }

  #first({ observed }: Entry<Row>): NameSource | undefined {
    return this.#precedence.find((source) => observed.has(source));
  }

  get #full(): boolean {
    return this.#rows >= this.#limits.rows || this.#size >= this.#limits.size;
  }

  #add(fields: object): Row {
    const size = JSON.stringify(fields).length;
    this.#rows++;
    this.#size += size;
    const row = this.#table.add(fields as Omit<Row, 'id'>);
    this.#sizes.set(row, size);
    return row;
  }

  #close(row: Row, now: number): void {
    if (row.to === null) this.#set(row, 'to', Math.max(row.from, now));
  }

  /** Rows keep their identity: a holder of one sees what becomes known of it. */
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
