/**
 * Which group an event belongs to, by the text of some fields. Fields of a row of a dimension are read once per row, as long as they
 * hold; what fields of several dimensions say is put together by numbers.
 */
import { type BoundField, readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import type { Chunk } from '../model/chunk.ts';
import { readingText } from './measures.ts';

export type RowScope = 'type' | 'thread' | 'fd';
export const isRowScope = (scope: string): scope is RowScope => scope === 'type' || scope === 'thread' || scope === 'fd';

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

/** Fields that live in one place, and the texts that they have had together. */
class Part {
  /** By number. */
  readonly texts: string[][] = [];
  readonly #view: EventView;
  readonly #fields: readonly GroupField[];
  /** null: the event itself has to be asked. */
  readonly #scope: RowScope | null;
  readonly #rows = new KnownRows();
  readonly #index = new Map<string, number>();

  constructor(view: EventView, fields: readonly GroupField[], scope: RowScope | null) {
    this.#view = view;
    this.#fields = fields;
    this.#scope = scope;
  }

  /** Number of the event's texts; -1: it lacks one that it must have. */
  of(chunk: Chunk, i: number): number {
    if (this.#scope === null) return this.#read(chunk, i);
    const id = chunk[this.#scope][i]!;
    const known = this.#rows.get(id, chunk.time[i]!);
    if (known !== undefined) return known;
    this.#view.from = -Infinity;
    this.#view.until = Infinity;
    const found = this.#read(chunk, i);
    this.#rows.set(id, found, this.#view.from, this.#view.until);
    return found;
  }

  #read(chunk: Chunk, i: number): number {
    const view = this.#view.at(chunk, i);
    const texts = this.#fields.map(({ bound }) => readingText(readField(bound, view)));
    if (texts.some((text, at) => text === '' && this.#fields[at]!.required)) return -1;
    const key = texts.join('\u0000');
    let found = this.#index.get(key);
    if (found === undefined) {
      found = this.texts.length;
      this.#index.set(key, found);
      this.texts.push(texts);
    }
    return found;
  }
}

export interface GroupField {
  readonly bound: BoundField;
  /** An event without it has no group. */
  readonly required: boolean;
}

/** A part may have so many different texts. */
const MOST = 2 ** 26;

/** Numbers pairs of numbers in the order in which they come. */
class Pairs {
  readonly all: [number, number][] = [];
  readonly #index = new Map<number, number>();

  of(a: number, b: number): number {
    const key = a * MOST + b;
    const known = this.#index.get(key);
    if (known !== undefined) return known;
    this.#index.set(key, this.all.length);
    return this.all.push([a, b]) - 1;
  }
}

export class Groups {
  readonly #parts: readonly Part[];
  /** The first part with the second, those with the third … */
  readonly #pairs: readonly Pairs[];
  readonly #places: readonly { readonly part: number; readonly at: number }[];

  constructor(view: EventView, fields: readonly GroupField[]) {
    const placeOf = ({ bound }: GroupField) => (isRowScope(bound.field.scope) ? bound.field.scope : null);
    const byPlace = [...Map.groupBy(fields, placeOf)];
    this.#parts = byPlace.length === 0 ? [new Part(view, [], 'type')] : byPlace.map(([scope, own]) => new Part(view, own, scope));
    this.#pairs = this.#parts.slice(1).map(() => new Pairs());
    this.#places = fields.map((field) => {
      const part = Math.max(
        0,
        byPlace.findIndex(([scope]) => scope === placeOf(field)),
      );
      return { part, at: byPlace[part]![1].indexOf(field) };
    });
  }

  /** The event's group, numbered from 0; -1: it has none. */
  of(chunk: Chunk, i: number): number {
    let group = this.#parts[0]!.of(chunk, i);
    for (let p = 1; group >= 0 && p < this.#parts.length; p++) {
      const next = this.#parts[p]!.of(chunk, i);
      group = next < 0 ? -1 : this.#pairs[p - 1]!.of(group, next);
    }
    return group;
  }

  get size(): number {
    return this.#pairs.at(-1)?.all.length ?? this.#parts[0]!.texts.length;
  }

  /** What the fields say in a group, in their order. */
  texts(group: number): string[] {
    const numbers: number[] = [];
    let left = group;
    for (let p = this.#parts.length - 1; p > 0; p--) {
      const [before, own] = this.#pairs[p - 1]!.all[left]!;
      numbers[p] = own;
      left = before;
    }
    numbers[0] = left;
    return this.#places.map(({ part, at }) => this.#parts[part]!.texts[numbers[part]!]![at]!);
  }
}
