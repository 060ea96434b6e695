/**
 * A ranking made of sums by type, thread and descriptor, such as a store gives them, in place of the events: the same rows, where the
 * fields are told by those and the measures are sums.
 */
import type { EventSums, SumKey, SumName } from '../capture/event-sums.ts';
import { type BoundField, type Field, readField } from '../event/fields/field.ts';
import { type CaptureContext, EventView } from '../event/view.ts';
import { type GroupField, isRowScope, type RowScope } from './groups.ts';
import type { LensTable } from './lens.ts';
import { measureNamed, readingText } from './measures.ts';
import { groupFields, ROWS, rankTable } from './rank.ts';

/** How a measure follows from sums: what of one row, and what two rows have together. */
interface Fold {
  readonly needs: readonly SumName[];
  readonly of: (sums: EventSums, io: string | null) => number | null;
  readonly both: (a: number, b: number) => number;
}

const add = (a: number, b: number) => a + b;
const FOLDS: Readonly<Record<string, Fold>> = {
  count: { needs: ['events'], of: ({ events }) => events, both: add },
  bytes: { needs: ['bytes'], of: ({ bytes }) => bytes, both: add },
  'bytes.in': { needs: ['bytes'], of: ({ bytes }, io) => (io === 'read' ? bytes : 0), both: add },
  'bytes.out': { needs: ['bytes'], of: ({ bytes }, io) => (io === 'write' ? bytes : 0), both: add },
  time: { needs: ['spent'], of: ({ spent }) => spent, both: add },
  errors: { needs: ['errors'], of: ({ errors }) => errors, both: add },
  min: { needs: ['measured', 'shortest'], of: ({ measured, shortest }) => (measured === 0 ? null : shortest), both: Math.min },
  max: { needs: ['measured', 'longest'], of: ({ measured, longest }) => (measured === 0 ? null : longest), both: Math.max },
};

/** Which sums a ranking is made of, and what their events have in common. */
export interface Needed {
  readonly sums: ReadonlySet<SumName>;
  readonly by: ReadonlySet<SumKey>;
}

/** Null: it is not made of sums. */
export function neededFor(by: readonly string[], measures: readonly string[]): Needed | null {
  const folds = measures.flatMap((word) => FOLDS[word] ?? []);
  if (folds.length < measures.length || !isFoldable(by, 1)) return null;
  const sums = new Set<SumName>(['events', 'earliest', 'latest', ...folds.flatMap(({ needs }) => needs)]);
  const keys = groupFields(by).map(({ bound }) => scopeOf(bound));
  return { sums, by: new Set<SumKey>(measures.some((word) => DIRECTED.has(word)) ? ['type', ...keys] : keys) };
}

/** The event's type says which way its bytes went. */
const DIRECTED: ReadonlySet<string> = new Set(['bytes.in', 'bytes.out']);

/** Whether type, thread and descriptor tell a field; of several nodes, numbers of processes would be mixed up. */
export function isFoldable(by: readonly string[], nodes: number): boolean {
  return groupFields(by).every(({ bound: { field } }) => isRowScope(field.scope) && (nodes < 2 || !isOfNode(field)));
}

/** Each node, or each recording, numbers it for itself: in a capture of several it reads otherwise. */
export const isOfNode = ({ name }: Field): boolean => /pid|tid|ident|netns|loginshellid|^evt\.(num|reltime|time|deltatime)/.test(name);

/** The sums of one recording, and what its rows mean. */
export interface Part {
  readonly sums: readonly EventSums[];
  readonly context: CaptureContext;
}

/** Sums without when their events were: a fifth less work. */
export const withoutTimes = ({ sums, by }: Needed): Needed => ({ sums: sums.difference(TIMES), by });
const TIMES: ReadonlySet<SumName> = new Set(['earliest', 'latest']);

/** Whether two groups hardly ever have as much: then it need not be known whose events came first. */
export const isScattered = ([first]: readonly string[]): boolean => first === 'bytes' || first === 'time';

/** `timed` false: all times are those of the recording. Null: a field changes its text within the time of a sum, or it matters which came first. */
export function rankOfSums(
  parts: readonly Part[],
  by: readonly string[],
  measures: readonly string[],
  { epoch, timed, most = ROWS }: { readonly epoch: bigint; readonly timed: boolean; readonly most?: number | undefined },
): LensTable | null {
  const fields = groupFields(by);
  const groups = new Map<string, Group>();
  for (const part of parts) if (!addPart(part, fields, measures, groups)) return null;
  const order = [...groups.values()].filter(({ values: [first] }) => (first ?? 0) !== 0);
  order.sort((a, b) => (b.values[0] ?? 0) - (a.values[0] ?? 0) || a.first - b.first);
  if (!timed && order.some(({ values }, k) => values[0] === order[k + 1]?.values[0])) return null;
  const rows = order.slice(0, most).map(({ values, texts }) => [...values, ...texts]);
  return rankTable(fields, measures.map(measureNamed), rows, epoch);
}

interface Group {
  readonly texts: readonly string[];
  /** In the order of the measures. */
  readonly values: (number | null)[];
  /** ns since 1970 of its first event: of equals, the one that came first stands first. */
  first: number;
}

function addPart({ sums, context }: Part, fields: readonly GroupField[], measures: readonly string[], groups: Map<string, Group>): boolean {
  const view = new EventView(context);
  for (const one of sums) {
    if (one.events === 0) continue; // the sum of none
    const texts = textsOf(view, fields, one);
    if (texts === null) return false;
    if (texts.some((text, k) => text === '' && fields[k]!.required)) continue;
    const io = context.dims.types.get(one.type)?.io ?? null;
    const first = Number(context.epoch) + one.earliest;
    const key = texts.join('\u0000');
    const group = groups.get(key) ?? { texts, values: measures.map(() => null), first };
    groups.set(key, group);
    group.first = Math.min(group.first, first);
    measures.forEach((word, k) => {
      const { of, both } = FOLDS[word]!;
      const [before, now] = [group.values[k]!, of(one, io)];
      group.values[k] = before === null ? now : now === null ? before : both(before, now);
    });
  }
  return true;
}

/** Null: not the same for all of the events. */
function textsOf(view: EventView, fields: readonly GroupField[], sums: EventSums): string[] | null {
  const texts: string[] = [];
  for (const { bound } of fields) {
    view.onRow(scopeOf(bound), sums[scopeOf(bound)], sums.earliest);
    texts.push(readingText(readField(bound, view)));
    if (view.askedHistory && view.until <= sums.latest) return null;
  }
  return texts;
}

const scopeOf = ({ field }: BoundField): RowScope => field.scope as RowScope; // isFoldable has seen to it
