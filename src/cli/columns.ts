/** What the user wants to see of an event, and what we add of our own accord. */

import type { BoundField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { FilterError } from '../filter/error.ts';
import { findField } from '../filter/find-field.ts';
import { sanitize } from '../output/printable.ts';
import { dnsText } from '../output/summary.ts';

/** `a,b,c` → fields. Throws FilterError. */
export function columnFields(list: string): BoundField[] {
  const fields: BoundField[] = [];
  for (const found of list.matchAll(/[^,\s]+/g)) {
    const [text] = found;
    const parts = /^([^[\]]+)(?:\[(.*)\])?$/.exec(text);
    const span = { start: found.index, end: found.index + text.length };
    if (parts === null) throw new FilterError(`${text} is no field`, list, span);
    fields.push(findField({ kind: 'field', name: parts[1]!, arg: parts[2] ?? null, ...span }, list).bound);
  }
  return fields;
}

/** ` dns="A? backend"` after a line whose event carried a DNS message; empty otherwise. */
export function summaryText(view: EventView): string {
  const { dns } = view;
  return dns === null ? '' : ` dns="${sanitize(dnsText(dns))}"`;
}
