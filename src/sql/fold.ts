/** Answers a query that adds events up: by adding up what is alike, and by SQLite over the few rows that this makes. */
import Database from 'better-sqlite3';
import { EventView } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import { Pairs } from '../lens/groups.ts';
import { BLOCK, type Block } from './coder.ts';
import { EVENT_COLUMNS } from './events.ts';
import { numbersFor, type Part, partsFor, Unfit } from './fold-keys.ts';
import { ASK_EVENTS, type FoldPlan, foldPlan, type Key, statName } from './fold-plan.ts';
import { StatColumn } from './fold-stats.ts';
import type { Source, SqlValue } from './tables.ts';

type Answers = readonly (readonly (string | number | bigint | Uint8Array | null)[])[];

/** Groups may be so many, and one more for so many events: with more of them, adding up saves nothing. */
const GROUPS = 20_000;
const EVENTS_A_GROUP = 16;

/** The rows of the answer; null: the query has to be asked of the events themselves. Throws FilterError. */
export function foldedAnswer(source: Source, sql: string, filter: string): Answers | null {
  const plan = foldPlan(sql);
  if (plan === null) return null;
  try {
    const fold = new Fold(source, plan);
    return fold.add(source, filter) ? answered(plan, fold) : null;
  } catch (error) {
    // What is wrong with the query itself is told by asking it as it was written.
    if (error instanceof Unfit || error instanceof Database.SqliteError || error instanceof AsksEvents) return null;
    throw error;
  }
}

class AsksEvents extends Error {}

function answered({ sql, keys }: FoldPlan, fold: Fold): Answers {
  const db = new Database(':memory:');
  try {
    const columns = [...fold.columns.map((name) => `${name} ${typeOf(keys.get(name))}`)];
    db.exec(`CREATE TABLE events (${columns.join(', ')})`);
    const insert = db.prepare(`INSERT INTO events VALUES (${columns.map(() => '?').join(', ')})`);
    db.transaction(() => {
      for (let group = 0; group < fold.size; group++) insert.run(...fold.row(group).map(whole));
    })();
    db.function(ASK_EVENTS, { deterministic: false }, () => {
      throw new AsksEvents();
    });
    return db.prepare(sql).safeIntegers().raw().all() as Answers;
  } finally {
    db.close();
  }
}

const MOST = 2n ** 63n - 1n;

function whole(value: SqlValue): SqlValue {
  const number = typeof value === 'number' ? BigInt(value) : value;
  if (typeof number === 'bigint' && (number > MOST || number < -MOST)) throw new Unfit();
  return number;
}

/** As the table of events declares it; what is derived has no type there either. */
const typeOf = (key: Key | undefined): string =>
  key?.kind === 'column' ? EVENT_COLUMNS.find(({ name }) => name === key.column)!.type : '';

class Fold {
  readonly #parts: readonly Part[];
  readonly #pairs: readonly Pairs[];
  readonly #stats: readonly StatColumn[];
  readonly columns: readonly string[];
  readonly #groups = new Int32Array(BLOCK);
  readonly #codes = new Int32Array(BLOCK);
  #counts = new Float64Array(1024);
  #events = 0;

  constructor({ context }: Source, { keys, stats }: FoldPlan) {
    const view = new EventView(context);
    this.#parts = partsFor(keys, view);
    this.#pairs = this.#parts.slice(1).map(() => new Pairs());
    this.#stats = [...stats].map(([column, wanted]) => new StatColumn(column, wanted, numbersFor(column, view)));
    const names = this.#stats.flatMap(({ column, wanted }) => wanted.map((stat) => statName(column, stat)));
    this.columns = ['trowel_n', ...this.#parts.flatMap((part) => part.names), ...names];
  }

  get size(): number {
    return this.#events === 0 ? 0 : (this.#pairs.at(-1)?.size ?? this.#parts[0]?.size ?? 1);
  }

  /** False: there are too many groups. */
  add({ capture, context }: Source, text: string): boolean {
    for (const { chunk, selection, n } of capture.select(compileFilter(text, context))) {
      for (let from = 0; from < n; from += BLOCK) this.#add({ chunk, selection, from, rows: Math.min(BLOCK, n - from) });
      this.#events += n;
      if (this.size > GROUPS + this.#events / EVENTS_A_GROUP) return false;
    }
    return true;
  }

  /** In the order of the columns. */
  row(group: number): readonly SqlValue[] {
    return [this.#counts[group]!, ...this.#keysOf(group), ...this.#stats.flatMap((stat) => stat.values(group))];
  }

  #keysOf(group: number): readonly SqlValue[] {
    const values: (readonly SqlValue[])[] = [];
    let left = group;
    for (let p = this.#parts.length - 1; p > 0; p--) {
      const [before, own] = this.#pairs[p - 1]!.pair(left);
      values[p] = this.#parts[p]!.values(own);
      left = before;
    }
    if (this.#parts.length > 0) values[0] = this.#parts[0]!.values(left);
    return values.flat();
  }

  #add(block: Block): void {
    const { rows } = block;
    const groups = this.#groups;
    const size = this.#group(block);
    if (size > this.#counts.length) {
      const larger = new Float64Array(2 * size);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    const counts = this.#counts;
    for (let k = 0; k < rows; k++) counts[groups[k]!]!++;
    for (const stat of this.#stats) stat.add(block, groups, size);
  }

  /** Numbers the block's groups, and gives how many there are by now. */
  #group(block: Block): number {
    const [groups, codes, parts] = [this.#groups, this.#codes, this.#parts];
    if (parts.length === 0) return 1;
    parts[0]!.codes(block, groups);
    for (let p = 1; p < parts.length; p++) {
      parts[p]!.codes(block, codes);
      const pairs = this.#pairs[p - 1]!;
      for (let k = 0; k < block.rows; k++) groups[k] = pairs.of(groups[k]!, codes[k]!);
    }
    return this.#pairs.at(-1)?.size ?? parts[0]!.size;
  }
}
