/** Snapshots as rows: what stays as it was keeps its row, what changes gets another, what is gone ends. */
import type { NodeFact, NodeFactRow } from '../model/node.ts';
import type { Table } from '../model/rows.ts';
import type { Snapshot } from './read.ts';

/** Of all kinds, as many rows; what comes later has no place. */
const MOST_ROWS = 100_000;

export class NodeBook {
  readonly #table: Table<NodeFactRow>;
  /** ms since 1970 of the capture's time zero. */
  readonly #epochMs: number;
  readonly #rows = new Map<string, { readonly row: NodeFactRow; readonly text: string }>();
  #first = true;

  constructor(table: Table<NodeFactRow>, epochMs: number) {
    this.#table = table;
    this.#epochMs = epochMs;
  }

  take({ at, kinds, facts }: Snapshot): void {
    const time = this.#first ? 0 : this.#timeOf(at);
    this.#first = false;
    const present = new Set<string>();
    for (const fact of facts) {
      const key = keyOf(fact);
      present.add(key);
      this.#put(key, fact, time);
    }
    const complete: ReadonlySet<string> = new Set(kinds);
    for (const [key, { row }] of this.#rows) if (complete.has(row.kind) && !present.has(key)) this.#end(key, row, time);
  }

  #put(key: string, fact: NodeFact, time: number): void {
    const value = this.#dated(fact);
    const text = JSON.stringify(value);
    const known = this.#rows.get(key);
    if (known?.text === text) return;
    if (known !== undefined) this.#end(key, known.row, time);
    if (this.#table.size >= MOST_ROWS) return;
    const { kind, netns } = fact;
    const row = this.#table.add({ kind, netns, key: fact.key, value, from: time, to: null });
    this.#rows.set(key, { row, text });
  }

  #end(key: string, row: NodeFactRow, time: number): void {
    this.#rows.delete(key);
    row.to = Math.max(row.from, time);
    this.#table.touch(row);
  }

  /** Times within values are ms since 1970 until here. */
  #dated({ value }: NodeFact): Readonly<Record<string, unknown>> {
    return 'time' in value && typeof value.time === 'number' ? { ...value, time: this.#timeOf(value.time) } : value;
  }

  #timeOf(ms: number): number {
    return Math.round((ms - this.#epochMs) * 1e6);
  }
}

const keyOf = ({ kind, netns, key }: NodeFact) => `${kind}\0${netns}\0${key}`;
