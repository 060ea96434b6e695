/** The node as a capture has it: facts of a kind, as they were at a time. */
import { NODE_KINDS, type NodeFactRow, type NodeKind, type NodeValue, nodeValue } from '../model/node.ts';
import type { Rows } from '../model/rows.ts';

/** A fact, and when it held. */
export interface Held<Kind extends NodeKind> {
  readonly id: number;
  readonly kind: Kind;
  readonly netns: number;
  readonly key: string;
  readonly value: NodeValue<Kind>;
  readonly from: number;
  readonly to: number | null;
}

/** Kinds whose numbers only grow. */
export type CountedKind = 'hits' | 'counter' | 'conntrack' | 'traffic';

const KNOWN: ReadonlySet<string> = new Set(NODE_KINDS);

export class NodeState {
  readonly #rows = new Map<string, NodeFactRow[]>();
  /** Inode of the node's own namespace; 0: not known. */
  readonly host: number;

  constructor(rows: Rows<NodeFactRow>) {
    for (const row of rows.all()) {
      if (!KNOWN.has(row.kind)) continue;
      const known = this.#rows.get(row.kind);
      if (known === undefined) this.#rows.set(row.kind, [row]);
      else known.push(row);
    }
    this.host = Number(this.versions('netns').find(({ value }) => value.host)?.key ?? 0);
  }

  /** Nobody looked at the node. */
  get empty(): boolean {
    return this.#rows.size === 0;
  }

  /** All versions of all facts of a kind, in the order in which they came. */
  versions<Kind extends NodeKind>(kind: Kind, netns?: number): Held<Kind>[] {
    const rows = this.#rows.get(kind) ?? [];
    return rows
      .filter((row) => netns === undefined || row.netns === netns)
      .map(({ id, netns: of, key, value, from, to }) => ({ id, kind, netns: of, key, value: nodeValue(kind, value), from, to }));
  }

  /** Those that held at a time. Of a namespace that is gone by then, those that it had last. */
  at<Kind extends NodeKind>(kind: Kind, time: number, netns?: number): Held<Kind>[] {
    const last = new Map<string, Held<Kind>>();
    for (const fact of this.versions(kind, netns)) {
      const gone = fact.to !== null && fact.to <= time && !(this.#ended(fact.netns) !== null && this.#ended(fact.netns)! <= fact.to);
      if (fact.from <= time && !gone) last.set(`${fact.netns} ${fact.key}`, fact);
    }
    return [...last.values()];
  }

  /** First and last value of what is counted, by key. */
  growth(kind: CountedKind, netns: number): Map<string, { first: Held<typeof kind>; last: Held<typeof kind> }> {
    const found = new Map<string, { first: Held<typeof kind>; last: Held<typeof kind> }>();
    for (const fact of this.versions(kind, netns)) {
      const known = found.get(fact.key);
      if (known === undefined) found.set(fact.key, { first: fact, last: fact });
      else known.last = fact;
    }
    return found;
  }

  sysctl(name: string, netns: number, time: number): Held<'sysctl'> | null {
    return this.at('sysctl', time, netns).find(({ key }) => key === name) ?? null;
  }

  /** When a namespace was gone; null: it was there to the end. */
  #ended(netns: number): number | null {
    this.#ends ??= new Map(this.versions('netns').map(({ key, to }) => [Number(key), to]));
    return this.#ends.get(netns) ?? null;
  }
  #ends: Map<number, number | null> | undefined;
}
