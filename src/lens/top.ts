/** Who has most of something: events, bytes, time or errors, summed by what some fields say. */

import type { Capture } from '../capture/capture.ts';
import { type BoundField, type Reading, readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { type Chunk, EventFlag } from '../model/chunk.ts';
import type { Validity } from '../model/history.ts';
import type { Lens, LensTable, Unit } from './lens.ts';

export type Measure = 'count' | 'bytes' | 'time' | 'errors';

const UNITS: Readonly<Record<Measure, Unit>> = { count: 'count', bytes: 'bytes', time: 'ns', errors: 'count' };
/** As many rows as fit on a screen. */
const ROWS = 30;

interface TopSpec {
  readonly name: string;
  readonly chisels: readonly string[];
  readonly doc: string;
  readonly by: readonly string[];
  readonly measure: Measure;
  readonly filter: string;
}

/** A lens with fixed fields. */
export function top({ name, chisels, doc, by, measure, filter }: TopSpec): Lens {
  return {
    name,
    chisels,
    doc,
    args: [],
    filter: () => filter,
    look: (capture, compiled) => topTable(capture, compiled, by.map(fieldNamed), measure),
  };
}

/** A lens whose field is its argument. */
export function topBy(name: string, chisel: string, doc: string, measure: Measure, filter: string): Lens {
  return {
    name,
    chisels: [chisel],
    doc,
    args: ['field'],
    filter: () => filter,
    look: (capture, compiled, [field]) => topTable(capture, compiled, [fieldNamed(field!)], measure),
  };
}

function topTable(capture: Capture, filter: CompiledFilter, by: readonly BoundField[], measure: Measure): LensTable {
  const sums = new Sums(filter.view, by, capture);
  for (const { chunk, selection, n } of capture.select(filter))
    for (let k = 0; k < n; k++) sums.add(chunk, selection[k]!, measured(chunk, selection[k]!, measure));
  const name = measure === 'count' ? 'events' : measure;
  const columns = [{ name, unit: UNITS[measure] }, ...by.map(({ label }) => ({ name: label, unit: 'text' as const }))];
  return { kind: 'table', columns, rows: sums.largest(ROWS) };
}

function measured(chunk: Chunk, i: number, measure: Measure): number {
  if (measure === 'count') return 1;
  if (measure === 'time') return Math.max(0, chunk.latency[i]!);
  const res = (chunk.flags[i]! & EventFlag.HAS_RES) === 0 ? 0 : chunk.res[i]!;
  return measure === 'bytes' ? Math.max(0, res) : res < 0 ? 1 : 0;
}

/** Where the sum of some rows is, and the time for which that is so. */
interface Known extends Validity {
  readonly at: number;
}

/** Sums by the text of some fields. Fields of a row of a dimension are read once per row and not per event, as long as they hold. */
class Sums {
  readonly #view: EventView;
  readonly #by: readonly BoundField[];
  /** By row ids; null: a field needs the event itself. */
  readonly #known: Map<number, Known> | null;
  readonly #uses: { readonly thread: boolean; readonly fd: boolean; readonly type: boolean };
  readonly #fds: number;
  readonly #types: number;
  readonly #index = new Map<string, number>();
  readonly #keys: string[][] = [];
  readonly #sums: number[] = [];

  constructor(view: EventView, by: readonly BoundField[], { dims }: Capture) {
    this.#view = view;
    this.#by = by;
    const scopes = new Set(by.map(({ field }) => field.scope));
    this.#uses = { thread: scopes.has('thread'), fd: scopes.has('fd'), type: scopes.has('type') };
    this.#known = [...scopes].every((scope) => scope === 'thread' || scope === 'fd' || scope === 'type') ? new Map() : null;
    this.#fds = dims.fds.lastId + 1;
    this.#types = dims.types.lastId + 1;
  }

  add(chunk: Chunk, i: number, value: number): void {
    if (value === 0) return;
    const at = this.#known === null ? this.#keyOf(chunk, i) : this.#keyOfRows(this.#known, chunk, i);
    if (at >= 0) this.#sums[at]! += value;
  }

  largest(n: number): (string | number)[][] {
    const order = this.#sums.map((_, at) => at).sort((a, b) => this.#sums[b]! - this.#sums[a]!);
    return order.slice(0, n).map((at) => [this.#sums[at]!, ...this.#keys[at]!]);
  }

  #keyOfRows(known: Map<number, Known>, chunk: Chunk, i: number): number {
    const { thread, fd, type } = this.#uses;
    const rows = ((thread ? chunk.thread[i]! : 0) * this.#fds + (fd ? chunk.fd[i]! : 0)) * this.#types + (type ? chunk.type[i]! : 0);
    const time = chunk.time[i]!;
    const last = known.get(rows);
    if (last !== undefined && time >= last.from && time < last.until) return last.at;
    this.#view.from = -Infinity;
    this.#view.until = Infinity;
    const at = this.#keyOf(chunk, i);
    known.set(rows, { at, from: this.#view.from, until: this.#view.until });
    return at;
  }

  /** Where the event's sum is; -1: it lacks one of the fields. */
  #keyOf(chunk: Chunk, i: number): number {
    const view = this.#view.at(chunk, i);
    const texts = this.#by.map((bound) => textOf(readField(bound, view)));
    if (texts.includes('')) return -1;
    const key = texts.join('\u0000');
    let at = this.#index.get(key);
    if (at === undefined) {
      at = this.#sums.length;
      this.#index.set(key, at);
      this.#keys.push(texts);
      this.#sums.push(0);
    }
    return at;
  }
}

function textOf(reading: Reading): string {
  if (reading === null) return '';
  return Array.isArray(reading) ? reading.join(',') : String(reading);
}
