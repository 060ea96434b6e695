/**
 * Which group an event belongs to, by the text of some fields. Fields of a row of a dimension are read once per row, as long as they
 * hold; what fields of several dimensions say is put together by numbers.
 */
import { type BoundField, readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { CHUNK_EVENTS, type Chunk } from '../model/chunk.ts';
import { readingText } from './measures.ts';

export type RowScope = 'type' | 'thread' | 'fd';
export const isRowScope = (scope: string): scope is RowScope => scope === 'type' || scope === 'thread' || scope === 'fd';

/** Not asked for yet; its texts hold for a time only. */
const UNKNOWN = -2;
const DATED = -3;

/** Where a row's group is, and the times for which that is so, where it is not always: columns by row id. */
class KnownRows {
  /** The group (-1: it has none), UNKNOWN or DATED. */
  groups = new Int32Array(0);
  #dated = new Int32Array(0);
  #from = new Float64Array(0);
  #until = new Float64Array(0);

  /** UNKNOWN: not known at that time. */
  dated(id: number, time: number): number {
    return time >= this.#from[id]! && time < this.#until[id]! ? this.#dated[id]! : UNKNOWN;
  }

  set(id: number, group: number, from: number, until: number): void {
    if (id >= this.groups.length) this.#grow(id);
    const isDated = from !== Number.NEGATIVE_INFINITY || until !== Number.POSITIVE_INFINITY;
    this.groups[id] = isDated ? DATED : group;
    this.#dated[id] = group;
    this.#from[id] = from;
    this.#until[id] = until;
  }

  #grow(id: number): void {
    const size = Math.max(1024, id + 1, 2 * this.groups.length);
    const [groups, dated, from, until] = [
      new Int32Array(size).fill(UNKNOWN),
      new Int32Array(size),
      new Float64Array(size),
      new Float64Array(size),
    ];
    groups.set(this.groups);
    dated.set(this.#dated);
    from.set(this.#from);
    until.set(this.#until);
    [this.groups, this.#dated, this.#from, this.#until] = [groups, dated, from, until];
  }
}

/** Some of a chunk's events. */
export interface Events {
  readonly chunk: Chunk;
  readonly selection: Uint16Array;
  readonly n: number;
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

  /** Numbers of the events' texts; -1: one lacks one that it must have. */
  of({ chunk, selection, n }: Events, numbers: Int32Array): void {
    if (this.#scope === null) {
      for (let k = 0; k < n; k++) numbers[k] = this.#read(chunk, selection[k]!);
      return;
    }
    const ids = chunk[this.#scope];
    let { groups } = this.#rows;
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      const id = ids[i]!;
      let found = id < groups.length ? groups[id]! : UNKNOWN;
      if (found === DATED) found = this.#rows.dated(id, chunk.time[i]!);
      if (found === UNKNOWN) {
        found = this.#learn(chunk, i, id);
        groups = this.#rows.groups;
      }
      numbers[k] = found;
    }
  }

  #learn(chunk: Chunk, i: number, id: number): number {
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

const MIX_A = 0x9e3779b1;
const MIX_B = 0x85ebca6b;

/** Numbers pairs of numbers in the order in which they come: a table of hashes without an object for each. */
export class Pairs {
  #first = new Int32Array(512);
  #second = new Int32Array(512);
  /** Numbers of pairs, plus one, by hash; twice as many places as pairs, or more. */
  #places = new Int32Array(1024);
  size = 0;

  of(a: number, b: number): number {
    const mask = this.#places.length - 1;
    for (let at = hashOf(a, b) & mask; ; at = (at + 1) & mask) {
      const found = this.#places[at]! - 1;
      if (found < 0) return this.#add(a, b, at);
      if (this.#first[found] === a && this.#second[found] === b) return found;
    }
  }

  pair(number: number): readonly [number, number] {
    return [this.#first[number]!, this.#second[number]!];
  }

  #add(a: number, b: number, at: number): number {
    const number = this.size++;
    this.#first[number] = a;
    this.#second[number] = b;
    this.#places[at] = number + 1;
    if (this.size === this.#first.length) this.#grow();
    return number;
  }

  #grow(): void {
    const [first, second, places] = [this.#first, this.#second, new Int32Array(2 * this.#places.length)];
    this.#first = new Int32Array(2 * first.length);
    this.#second = new Int32Array(2 * first.length);
    this.#first.set(first);
    this.#second.set(second);
    const mask = places.length - 1;
    for (let number = 0; number < this.size; number++) {
      let at = hashOf(first[number]!, second[number]!) & mask;
      while (places[at] !== 0) at = (at + 1) & mask;
      places[at] = number + 1;
    }
    this.#places = places;
  }
}

function hashOf(a: number, b: number): number {
  const mixed = Math.imul(a, MIX_A) ^ Math.imul(b, MIX_B);
  return mixed ^ (mixed >>> 15);
}

export class Groups {
  readonly #parts: readonly Part[];
  /** The first part with the second, those with the third … */
  readonly #pairs: readonly Pairs[];
  readonly #places: readonly { readonly part: number; readonly at: number }[];

  readonly #groups = new Int32Array(CHUNK_EVENTS);
  readonly #others = new Int32Array(CHUNK_EVENTS);

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

  /** The events' groups, numbered from 0; -1: one has none. Holds until the next events. */
  of(events: Events): Int32Array {
    const [groups, others] = [this.#groups, this.#others];
    this.#parts[0]!.of(events, groups);
    for (let p = 1; p < this.#parts.length; p++) {
      this.#parts[p]!.of(events, others);
      const pairs = this.#pairs[p - 1]!;
      for (let k = 0; k < events.n; k++) {
        const [group, other] = [groups[k]!, others[k]!];
        groups[k] = group < 0 || other < 0 ? -1 : pairs.of(group, other);
      }
    }
    return groups;
  }

  get size(): number {
    return this.#pairs.at(-1)?.size ?? this.#parts[0]!.texts.length;
  }

  /** What the fields say in a group, in their order. */
  texts(group: number): string[] {
    const numbers: number[] = [];
    let left = group;
    for (let p = this.#parts.length - 1; p > 0; p--) {
      const [before, own] = this.#pairs[p - 1]!.pair(left);
      numbers[p] = own;
      left = before;
    }
    numbers[0] = left;
    return this.#places.map(({ part, at }) => this.#parts[part]!.texts[numbers[part]!]![at]!);
  }
}
