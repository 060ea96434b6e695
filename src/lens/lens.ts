/** A lens: a named question, as data. One row of index.ts each; ask.ts answers it, whoever asks: command line, screen, program. */

import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { written } from '../filter/literal.ts';
import type { Report, Row } from '../report/report.ts';

/** The answer: rows of cells, and the way from a row to its events. */
export interface LensTable extends Report<Row> {
  readonly kind: 'table';
  /** A filter, to be added to the question's own, for the events behind a row; null: there is none. */
  readonly drill: (row: Row) => string | null;
}

/** What went through descriptors, in the order of time. */
export interface LensEcho {
  readonly kind: 'echo';
  readonly blocks: Iterable<EchoBlock>;
}

export interface EchoBlock {
  readonly num: number;
  readonly direction: 'read' | 'write';
  /** Bytes that moved; the payload may hold fewer. */
  readonly bytes: number;
  readonly name: string;
  readonly process: string;
  /** Name of its container, else its id; empty: on the node itself. */
  readonly container: string;
  /** Name of its pod; empty: in none, or not known. */
  readonly pod: string;
  /** Holds until the next block is asked for. */
  readonly payload: Uint8Array;
}

/** Groups by what fields say, and measures each group. `{argument}` stands for an argument. */
export interface RankAsk {
  readonly kind: 'rank';
  /** Fields; one that ends in `?` may be empty, an event without one of the others is left out. */
  readonly by: readonly string[];
  /** As measures.ts names them; the first decides the order. */
  readonly measures: readonly string[];
}

/** The matching events, a row each. `target`, `exit.code` … of columns.ts stand beside fields. */
export interface ListAsk {
  readonly kind: 'list';
  readonly columns: readonly string[];
}

/** The payloads. */
export interface EchoAsk {
  readonly kind: 'echo';
}

/** Measures over time, with a line of blocks for the first. */
export interface SeriesAsk {
  readonly kind: 'series';
  readonly measures: readonly string[];
}

/** What no other kind can say. */
export interface OwnAsk {
  readonly kind: 'own';
  readonly look: (capture: Capture, filter: CompiledFilter, args: LensArgs) => LensTable;
}

/** What was so at a time, ns since the capture's start; `filter` is the user's alone. */
export type LookAt = (capture: Capture, filter: CompiledFilter, args: LensArgs, at: number) => LensTable;

export type Ask = RankAsk | ListAsk | EchoAsk | SeriesAsk | OwnAsk;
export type LensArgs = Readonly<Record<string, string>>;

export interface Lens {
  readonly name: string;
  /** sysdig's names for the same. */
  readonly chisels: readonly string[];
  /** The question, as a sentence without its beginning. */
  readonly doc: string;
  /** Names of its arguments. */
  readonly args: readonly string[];
  /** What it adds to the user's filter; `{argument}` stands for an argument. Empty: nothing. */
  readonly filter: string;
  readonly ask: Ask;
  /** Answers `--at`; null: the question is about all of the capture. */
  readonly at: LookAt | null;
}

/** An argument that makes no sense. */
export class LensError extends Error {
  override readonly name = 'LensError';
}

/** Arguments that are numbers. */
const NUMBERS: ReadonlySet<string> = new Set(['port', 'ms']);

/** Arguments by their names. Throws LensError for what is no number but should be. */
export function argsOf(lens: Lens, words: readonly string[]): LensArgs {
  lens.args.forEach((name, i) => {
    if (NUMBERS.has(name) && !/^[0-9]+(\.[0-9]+)?$/.test(words[i] ?? ''))
      throw new LensError(`${lens.name}: ${name.toUpperCase()} is a number, not ${words[i] ?? 'nothing'}`);
  });
  return Object.fromEntries(lens.args.map((name, i) => [name, words[i] ?? '']));
}

/** The lens' filter and the user's, as one. Arguments are values in it, whatever they hold. */
export function lensFilter(lens: Lens, args: LensArgs, more = ''): string {
  const own = lens.filter.replace(/\{(\w+)\}/g, (_, name: string) => written(args[name] ?? ''));
  if (own === '' || more === '') return own + more;
  return `(${own}) and (${more})`;
}

/** A template's `{argument}` as it stands: the name of a field, for example. */
export function filled(template: string, args: LensArgs): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => args[name] ?? '');
}
