/** A word about a value that a field cannot have, or seldom has. */
import type { Field } from '../event/fields/field.ts';
import { FIELDS } from '../event/fields/index.ts';
import type { Check, Literal } from './ast.ts';
import { didYouMean } from './error.ts';

const EQUALITY = /^(=|==|!=|in|intersects)$/;

/** Words about the values of a check. `isType`: whether the capture itself defines an event type of that name. */
export function valueNotes({ operator }: Check, field: Field, values: readonly Literal[], isType: (name: string) => boolean): string[] {
  const { values: known, name } = field;
  if (known === undefined || !EQUALITY.test(operator)) return [];
  return values.flatMap(({ text }) => {
    if (!known.includes(text) && !isType(text)) return [`no ${name} is called ${text}${hintFor(field, text, known)}`];
    const remark = field.remark?.(text) ?? null;
    return remark === null ? [] : [remark];
  });
}

function hintFor(field: Field, text: string, known: readonly string[]): string {
  const mistaken = field.mistaken?.(text) ?? null;
  if (mistaken !== null) return `: ${mistaken}`;
  const near = didYouMean(text, known);
  if (near !== '') return `: ${near}`;
  const other = FIELDS.find(({ values }) => values?.includes(text) === true);
  return other === undefined ? '' : `: ${other.name} has that`;
}
