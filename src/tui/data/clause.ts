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

/** The filter after a use of a clause; the same filter where it says so already. The opposite, where it says that, gives way. */
export function withClause(filter: string, clause: Clause, use: ClauseUse): string {
  const check = `${clause.field}${clause.operator}${written(clause.value)}`;
  const added = use === 'drop' ? `not ${check}` : check;
  if (filter.trim() === '') return added;
  const joint = use === 'add' ? 'or' : 'and';
  const parts = topLevelParts(filter, joint);
  if (parts.some(({ text }) => text === added)) return filter;
  const opposite = parts.find(({ text }) => text === (use === 'drop' ? check : `not ${check}`));
  if (opposite !== undefined && use !== 'add') return filter.slice(0, opposite.start) + added + filter.slice(opposite.end);
  return `${bracketed(filter, joint)} ${joint} ${added}`;
}

/** Brackets where the new word would take only half of what is there. */
function bracketed(filter: string, joint: 'and' | 'or'): string {
  const expr = parseFilter(filter);
  const splits = expr !== null && (expr.kind === 'and' || expr.kind === 'or') && !expr.brackets && expr.kind !== joint;
  return splits ? `(${filter.trim()})` : filter.trim();
}

interface Part {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What `and` or `or` joins at the top, as far as single checks go. */
function topLevelParts(filter: string, joint: 'and' | 'or'): Part[] {
  const expr = parseFilter(filter);
  if (expr === null) return [];
  const parts = expr.kind === joint ? expr.parts : [expr];
  return parts.flatMap((part) => {
    const check = part.kind === 'not' ? part.part : part;
    if (check.kind !== 'check') return [];
    const text = filter.slice(check.start, check.end);
    if (part.kind !== 'not') return [{ text, start: check.start, end: check.end }];
    const start = /not\s+$/i.exec(filter.slice(0, check.start))?.index;
    return start === undefined ? [] : [{ text: `not ${text}`, start, end: check.end }];
  });
}

const SPANS = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
] as const;

/** A span as people write it, `48.7ms`: not more than it is, so that `>=` keeps what has it. */
export function spanLiteral(ns: number): string {
  for (const [unit, size] of SPANS) {
    if (ns < size) continue;
    const places = Math.max(0, 2 - Math.floor(Math.log10(ns / size)));
    return `${Math.floor((ns / size) * 10 ** places) / 10 ** places}${unit}`;
  }
  return `${Math.floor(ns)}ns`;
}

/** A time of the capture in seconds, to the nanosecond. */
export function timeLiteral(ns: number): string {
  return `${String(Math.floor(ns / 1e9))}.${String(Math.round(ns % 1e9)).padStart(9, '0')}`.replace(/\.?0+$/, '').concat('s');
}
