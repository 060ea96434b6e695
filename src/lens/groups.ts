/** Which group an event belongs to, by the text of some fields. Fields of a row of a dimension are read once per row, as long as they hold. */
import { type BoundField, readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import type { Chunk } from '../model/chunk.ts';
import type { Dimensions } from '../model/rows.ts';
import { readingText } from './measures.ts';

type RowScope = 'type' | 'thread' | 'fd';
const isRowScope = (scope: string): scope is RowScope => scope === 'type' || scope === 'thread' || scope === 'fd';

/** Where a row's group is, and the times for which that is so: columns by row id. */
class KnownRows {
  #at = new Int32Array(0);
  #from = new Float64Array(0);
  #until = new Float64Array(0);

  /** undefined: not known at that time. */
  get(id: number, time: number): number | undefined {
    return time >= this.#from[id]! && time < this.#until[id]! ? this.#at[id] : undefined;
  }

  set(id: number, at: number, from: number, until: number): void {
    if (id >= this.#at.length) this.#grow(id);
    this.#at[id] = at;
    this.#from[id] = from;
    this.#until[id] = until;
  }

  #grow(id: number): void {
    const size = Math.max(1024, id + 1, 2 * this.#at.length);
    const [at, from, until] = [new Int32Array(size), new Float64Array(size), new Float64Array(size)];
    at.set(this.#at);
    from.set(this.#from);
    until.set(this.#until);
    [this.#at, this.#from, this.#until] = [at, from, until];
  }
}

interface Known {
  readonly at: number;
  readonly from: number;
  readonly until: number;
}

export class Groups {
  /** What the fields say, by group. */
  readonly keys: string[][] = [];
  readonly #view: EventView;
  readonly #by: readonly BoundField[];
  readonly #index = new Map<string, number>();
  readonly #scopes: readonly RowScope[];
  /** Of fields that all live on one dimension. */
  readonly #one: RowScope | null;
  readonly #rows = new KnownRows();
  /** Of several dimensions' row ids; null: a field needs the event itself. */
  readonly #known: Map<number, Known> | null;
  readonly #fds: number;
  readonly #types: number;

  constructor(view: EventView, by: readonly BoundField[], dims: Dimensions) {
    this.#view = view;
    this.#by = by;
    const scopes = new Set<string>(by.map(({ field }) => field.scope));
    this.#scopes = [...scopes].filter(isRowScope);
    const onRows = this.#scopes.length === scopes.size;
    this.#one = onRows && scopes.size === 1 ? this.#scopes[0]! : null;
    this.#known = onRows ? new Map() : null;
    this.#fds = dims.fds.lastId + 1;
    this.#types = dims.types.lastId + 1;
  }

  /** The event's group; -1: it lacks one of the fields. */
  of(chunk: Chunk, i: number): number {
    if (this.#one !== null) return this.#ofRow(this.#one, chunk, i);
    return this.#known === null ? this.#read(chunk, i) : this.#ofRows(this.#known, chunk, i);
  }

  #ofRow(scope: RowScope, chunk: Chunk, i: number): number {
    const id = chunk[scope][i]!;
    const known = this.#rows.get(id, chunk.time[i]!);
    if (known !== undefined) return known;
    const { at, from, until } = this.#lookedUp(chunk, i);
    this.#rows.set(id, at, from, until);
    return at;
  }

  #ofRows(known: Map<number, Known>, chunk: Chunk, i: number): number {
    const has = (scope: RowScope) => (this.#scopes.includes(scope) ? chunk[scope][i]! : 0);
    const rows = (has('thread') * this.#fds + has('fd')) * this.#types + has('type');
    const time = chunk.time[i]!;
    const last = known.get(rows);
    if (last !== undefined && time >= last.from && time < last.until) return last.at;
    const found = this.#lookedUp(chunk, i);
    known.set(rows, found);
    return found.at;
  }

  #lookedUp(chunk: Chunk, i: number): Known {
    this.#view.from = -Infinity;
    this.#view.until = Infinity;
    const at = this.#read(chunk, i);
    return { at, from: this.#view.from, until: this.#view.until };
  }

  #read(chunk: Chunk, i: number): number {
    const view = this.#view.at(chunk, i);
    const texts = this.#by.map((bound) => readingText(readField(bound, view)));
    if (texts.includes('')) return -1;
    const key = texts.join('\u0000');
    let at = this.#index.get(key);
    if (at === undefined) {
      at = this.keys.length;
      this.#index.set(key, at);
      this.keys.push(texts);
    }
    return at;
  }
}
