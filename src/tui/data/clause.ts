/** Filters put together from what stands in a cell. */
import { written } from '../../filter/literal.ts';
import { parseFilter } from '../../filter/parse.ts';

/** What a cell says about its event, as a check of the filter language. */
export interface Clause {
  readonly field: string;
  readonly operator: '=' | '>=';
  readonly value: string;
}

/** keep: these alone; drop: all but these; add: these too. */
export type ClauseUse = 'keep' | 'drop' | 'add';

/** The filter after a use of a clause; the same filter where it says so already. */
export function withClause(filter: string, clause: Clause, use: ClauseUse): string {
  const check = `${clause.field}${clause.operator}${written(clause.value)}`;
  const added = use === 'drop' ? `not ${check}` : check;
  if (filter.trim() === '') return added;
  const joint = use === 'add' ? 'or' : 'and';
  const parts = topLevelParts(filter, joint);
  if (parts.includes(added)) return filter;
  return `${bracketed(filter, joint)} ${joint} ${added}`;
}

/** Brackets where the new word would take only half of what is there. */
function bracketed(filter: string, joint: 'and' | 'or'): string {
  const expr = parseFilter(filter);
  const splits = expr !== null && (expr.kind === 'and' || expr.kind === 'or') && !expr.brackets && expr.kind !== joint;
  return splits ? `(${filter.trim()})` : filter.trim();
}

/** The texts of what `and` or `or` joins at the top, as far as single checks go. */
function topLevelParts(filter: string, joint: 'and' | 'or'): string[] {
  const expr = parseFilter(filter);
  if (expr === null) return [];
  const parts = expr.kind === joint ? expr.parts : [expr];
  return parts.map((part) => {
    if (part.kind === 'check') return filter.slice(part.start, part.end);
    return part.kind === 'not' && part.part.kind === 'check' ? `not ${filter.slice(part.part.start, part.part.end)}` : '';
  });
}
