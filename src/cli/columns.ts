/** The fields that a list on the command line names. */

import type { BoundField } from '../event/fields/field.ts';
import { FilterError } from '../filter/error.ts';
import { findField } from '../filter/find-field.ts';

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
