/** The table of events: a row an event, its columns one row each below. Only those that a query names are made. */

import { readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { absenceOf, type Chunk, EventFlag, type NumberColumn, payload } from '../model/chunk.ts';
import { errnoName } from '../model/errno.ts';
import { fdName } from '../model/fd-name.ts';

/** Where a column's values come from. Only `each` looks at one event after the other; the rest is a matter of columns and rows. */
export type Values =
  | { readonly kind: 'number'; readonly column: NumberColumn; readonly absent: Absent }
  /** ns since 1970. */
  | { readonly kind: 'wall' }
  /** A text or a number of one row of a dimension, made once per row. */
  | { readonly kind: 'row'; readonly of: 'type' | 'thread' | 'fd'; readonly read: (view: EventView) => string | number | null }
  | { readonly kind: 'each'; readonly read: (view: EventView, chunk: Chunk, i: number) => Uint8Array | number | null };

/** Which of a column's numbers are none. */
export type Absent = 'none' | 'negative' | 'flag' | 'zero';

export interface EventColumn {
  readonly name: string;
  readonly type: 'INTEGER' | 'TEXT' | 'BLOB';
  readonly doc: string;
  readonly values: Values;
}

const utf8 = new TextEncoder();
/** Rows of 0 are none. */
const ROWS: ReadonlySet<NumberColumn> = new Set(['thread', 'fd']);

// biome-ignore format: a table
export const EVENT_COLUMNS: readonly EventColumn[] = [
  { name: 'time', type: 'INTEGER', doc: 'when it ended, ns since the capture’s start', values: number('time') },
  { name: 'wall', type: 'INTEGER', doc: 'the same, ns since 1970', values: { kind: 'wall' } },
  { name: 'latency', type: 'INTEGER', doc: 'ns from its start to its end', values: number('latency') },
  { name: 'type', type: 'TEXT', doc: 'evt.type', values: ofRow('type', ({ type }) => type.name) },
  { name: 'category', type: 'TEXT', doc: 'evt.category', values: ofRow('type', ({ type }) => type.category) },
  { name: 'io', type: 'TEXT', doc: 'read or write', values: ofRow('type', ({ type }) => type.io) },
  { name: 'cpu', type: 'INTEGER', doc: '', values: number('cpu') },
  { name: 'res', type: 'INTEGER', doc: 'what the call returned', values: number('res') },
  { name: 'error', type: 'TEXT', doc: 'errno’s name, where it failed', values: each(errorOf) },
  { name: 'bytes', type: 'INTEGER', doc: 'read or written', values: each(bytesOf) },
  { name: 'thread_id', type: 'INTEGER', doc: 'row of threads', values: number('thread') },
  { name: 'tid', type: 'INTEGER', doc: '', values: ofRow('thread', ({ thread }) => thread?.tid ?? null) },
  { name: 'pid', type: 'INTEGER', doc: '', values: ofRow('thread', ({ process }) => process?.pid ?? null) },
  { name: 'comm', type: 'TEXT', doc: 'name of the thread', values: ofRow('thread', ({ thread }) => thread?.comm ?? null) },
  { name: 'exe', type: 'TEXT', doc: 'path of the program', values: ofRow('thread', ({ process }) => process?.exepath ?? null) },
  { name: 'container', type: 'TEXT', doc: 'id, 12 characters', values: ofRow('thread', ({ process }) => process?.container.slice(0, 12) || null) },
  { name: 'namespace', type: 'TEXT', doc: 'of its pod', values: ofRow('thread', (view) => podOf(view)?.namespace ?? null) },
  { name: 'pod', type: 'TEXT', doc: 'name of its pod', values: ofRow('thread', (view) => podOf(view)?.name ?? null) },
  { name: 'fd', type: 'INTEGER', doc: 'number of the descriptor', values: number('fdnum') },
  { name: 'fd_id', type: 'INTEGER', doc: 'row of descriptors', values: number('fd') },
  { name: 'fd_type', type: 'TEXT', doc: 'file, ipv4, pipe …', values: ofRow('fd', ({ fd }) => fd?.kind ?? null) },
  { name: 'fd_name', type: 'TEXT', doc: 'path, or both ends of a connection', values: ofRow('fd', ({ fd }) => (fd === null ? null : fdName(fd))) },
  { name: 'args', type: 'TEXT', doc: 'evt.args', values: ofField('evt.args') },
  { name: 'data', type: 'BLOB', doc: 'what was kept of the payload', values: each((_, chunk, i) => payload(chunk, i)) },
];

function number(column: NumberColumn): Values {
  return { kind: 'number', column, absent: ROWS.has(column) ? 'zero' : (absenceOf(column) ?? 'none') };
}

function ofRow(of: 'type' | 'thread' | 'fd', read: (view: EventView) => string | number | null): Values {
  return { kind: 'row', of, read };
}

function ofField(name: string): Values {
  const bound = fieldNamed(name);
  return each((view, chunk, i) => {
    const value = readField(bound, view.at(chunk, i));
    return value === null ? null : utf8.encode(String(value));
  });
}

function each(read: (view: EventView, chunk: Chunk, i: number) => Uint8Array | number | null): Values {
  return { kind: 'each', read };
}

function bytesOf(view: EventView, chunk: Chunk, i: number): number | null {
  const res = chunk.res[i]!;
  if (res < 0 || (chunk.flags[i]! & EventFlag.HAS_RES) === 0) return null;
  return view.at(chunk, i).type.io === null ? null : res;
}

function errorOf(_: EventView, chunk: Chunk, i: number): Uint8Array | null {
  const res = chunk.res[i]!;
  return res >= 0 || (chunk.flags[i]! & EventFlag.HAS_RES) === 0 ? null : utf8.encode(errnoName(-res));
}

function podOf(view: EventView): { readonly namespace: string; readonly name: string } | null {
  return view.process === null ? null : view.kube.pod(view.process.container, view.time, view);
}
