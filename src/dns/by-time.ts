/** Search in rows that ascend in time. */
import { firstIndex } from '../model/search.ts';

/** How many of the rows have a time up to and with `time`: also the index of the first after it. */
export function countUntil<Row>(rows: readonly Row[], timeOf: (row: Row) => number, time: number): number {
  return firstIndex(rows.length, (i) => timeOf(rows[i]!) > time);
}

/** The rows from `from` to `to`, both with it. */
export function between<Row>(rows: readonly Row[], timeOf: (row: Row) => number, from: number, to: number): Row[] {
  const found: Row[] = [];
  let at = countUntil(rows, timeOf, from);
  while (at > 0 && timeOf(rows[at - 1]!) === from) at--;
  for (; at < rows.length && timeOf(rows[at]!) <= to; at++) found.push(rows[at]!);
  return found;
}

/** Adds to the list under a key. */
export function pushTo<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
