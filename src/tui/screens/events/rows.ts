/** Events as rows of the list: what the columns need, read once, harmless to show. */
import { type BoundField, type Reading, readField } from '../../../event/fields/field.ts';
import { FIELDS } from '../../../event/fields/index.ts';
import type { EventView } from '../../../event/view.ts';
import { fieldNamed } from '../../../filter/find-field.ts';
import { EventFlag } from '../../../model/chunk.ts';
import { fdName } from '../../../model/fd-name.ts';
import { eventSummary, type Summary } from '../../../output/summary.ts';
import { harmless } from '../../kit/text.ts';

/** A cell's text, and the check that stands for it: the value there is as captured. */
export interface Cell {
  readonly text: string;
  readonly field: string;
  readonly value: string;
}

export interface Row {
  readonly num: number;
  /** ns since the capture's start. */
  readonly time: number;
  /** ns; null: not measured. */
  readonly latency: number | null;
  /** Pod or container; null: none. */
  readonly place: Cell | null;
  readonly process: Cell | null;
  readonly pid: Cell | null;
  readonly type: Cell;
  /** The name asked for, or the descriptor. */
  readonly target: { readonly field: string; readonly value: string } | null;
  /** fd.name as it is: a path, or both ends of a connection; null: no descriptor. */
  readonly fdName: string | null;
  /** Number of the event with the answer to this DNS query, or with the query of this answer; null: neither. */
  readonly partner: number | null;
  readonly summary: Summary;
  readonly failed: boolean;
}

/** A row where it stands in the list. */
export interface ListedRow extends Row {
  /** ns since the row before; null for the first of all. */
  readonly since: number | null;
}

/** Fields that say where a process runs, the most telling first; those that exist. */
const PLACE_FIELDS: readonly BoundField[] = ['k8s.pod.name', 'container.name', 'container.id']
  .filter((name) => FIELDS.some((field) => field.name === name))
  .map(fieldNamed);

/** Reads the event that the view stands on. */
export function rowOf(view: EventView): Row {
  const { thread, process, type } = view;
  const summary = eventSummary(view);
  const name = view.fd === null ? '' : fdName(view.fd);
  return {
    num: view.columnValue('num') ?? 0,
    time: view.time,
    latency: view.columnValue('latency'),
    place: placeOf(view),
    process: thread === null ? null : cell('proc.name', thread.comm),
    pid: process === null ? null : cell('proc.pid', String(process.pid)),
    type: cell('evt.type', type.name),
    target: targetOf(view, name),
    fdName: name === '' ? null : name,
    partner: view.dns?.partner ?? null,
    summary: { ...summary, before: harmless(summary.before), name: harmless(summary.name), after: harmless(summary.after) },
    failed: (view.res ?? 0) < 0 || (view.flags & EventFlag.PENDING) !== 0,
  };
}

/** What a search for text sees of a row. */
export function rowText({ place, process, pid, type, summary: { before, name, after } }: Row): string {
  return [place?.text, process?.text, pid?.text, type.text, before + name + after].join(' ');
}

/** What a row says of the thread alone: place, process, and the command that it runs. */
export function whoText(view: EventView): string {
  const { thread, process } = view;
  const command = process === null ? [] : [String(process.pid), process.exe, ...process.args];
  return [placeOf(view)?.text ?? '', thread?.comm ?? '', ...command].join(' ');
}

function cell(field: string, value: string): Cell {
  return { text: harmless(value), field, value };
}

function placeOf(view: EventView): Cell | null {
  for (const bound of PLACE_FIELDS) {
    const value = readField(bound, view);
    if (isPlace(value)) return cell(bound.field.name, value);
  }
  return null;
}

function isPlace(reading: Reading): reading is string {
  return typeof reading === 'string' && reading !== '' && reading !== 'host';
}

function targetOf({ dns }: EventView, name: string): Row['target'] {
  if (dns !== null) return { field: 'dns.qname', value: dns.qname };
  return name === '' ? null : { field: 'fd.name', value: name };
}
