/** Named lists: `(a, b, c)`. */
import type { Literal } from './ast.ts';
import { FilterError } from './error.ts';
import { parseFilter } from './parse.ts';

/** The list's values. Throws FilterError. `name`: what it is called. */
export function parseList(text: string, name: string): readonly Literal[] {
  if (/^\(\s*\)$/.test(text)) return [];
  const expr = parseFilter(`list.items in ${text}`);
  if (expr?.kind !== 'check' || expr.right?.kind !== 'values')
    throw new FilterError(`${name} is not a list`, text, { start: 0, end: text.length }, 'write (a, b, c)');
  return expr.right.values;
}

/** Whether a definition is a list: a condition, too, may stand in brackets. */
export function isList(body: string): boolean {
  if (!body.startsWith('(')) return false;
  try {
    parseList(body, '');
    return true;
  } catch (error) {
    if (error instanceof FilterError) return false;
    throw error;
  }
}
