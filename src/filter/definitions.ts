/**
 * Named filters and lists, from a file or from the command line.
 *
 * A file has lines `name = filter` (indented lines go on with it) and `name = (a, b, c)`, or is a rules file of Falco's (falco.ts).
 */
import { type Check, type Expr, type Span, takesList } from './ast.ts';
import { DefinitionError, type Definitions } from './definition.ts';
import { falcoDefinitions } from './falco.ts';
import { isList } from './list.ts';
import { parseFilter } from './parse.ts';

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_-]*)\s*=\s*(.*)$/;

/** `name=filter`. Throws DefinitionError. */
export function parseDefinition(text: string): [name: string, body: string] {
  const found = ASSIGNMENT.exec(text.trim());
  if (found === null || found[2] === '') throw new DefinitionError(`--define takes NAME=FILTER or NAME=(a, b, c), not ${text}`);
  return [found[1]!, found[2]!];
}

/**
 * What a file defines, and what was defined `before` it: Falco's files may append to that.
 * Throws DefinitionError with the line that makes no sense. `file`: for the message.
 */
export function parseDefinitions(text: string, file: string, before: Definitions = new Map()): Definitions {
  const lines = text.split(/\r?\n/);
  return isYamlList(lines) ? falcoDefinitions(text, file, before) : new Map([...before, ...plainDefinitions(lines, file)]);
}

/** A list of entries, each with keys. */
function isYamlList(lines: readonly string[]): boolean {
  return lines.some((line) => /^\s*- +["']?[a-z_]+["']?\s*:/.test(line));
}

function plainDefinitions(lines: readonly string[], file: string): Definitions {
  const found = new Map<string, string>();
  let last: string | null = null;
  lines.forEach((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const assignment = ASSIGNMENT.exec(line);
    if (assignment !== null) {
      last = assignment[1]!;
      found.set(last, assignment[2]!);
    } else if (/^\s/.test(line) && last !== null) found.set(last, `${found.get(last)!} ${line.trim()}`.trim());
    else throw new DefinitionError(`${file}, line ${i + 1}: expected NAME = FILTER, found ${line.trim()}`);
  });
  return found;
}

/** A filter with its macros and lists written out, so that it says the same without them. Unknown names stay. */
export function expanded(text: string, definitions: Definitions, depth = 0): string {
  const expr = parseFilter(text);
  if (expr === null || depth > MAX_DEPTH) return text;
  const names = [...namesIn(expr)].sort((a, b) => b.start - a.start);
  return names.reduce((whole, { name, start, end, as }) => {
    const body = definitions.get(name);
    if (body === undefined || (as === 'item' && !isList(body))) return whole;
    const inner = as === 'macro' ? `(${expanded(body, definitions, depth + 1)})` : items(body, definitions, depth + 1);
    return whole.slice(0, start) + (as === 'item' ? inner.slice(1, -1) : inner) + whole.slice(end);
  }, text);
}

/** Macros of macros of … */
const MAX_DEPTH = 50;

/** A list with the lists in it written out. */
function items(list: string, definitions: Definitions, depth: number): string {
  const check = 'list.items in ';
  return expanded(check + list, definitions, depth).slice(check.length);
}

interface Name extends Span {
  readonly name: string;
  /** `item`: of a list between brackets. */
  readonly as: 'macro' | 'list' | 'item';
}

function* namesIn(expr: Expr): Generator<Name> {
  if (expr.kind === 'macro') yield { name: expr.name, start: expr.start, end: expr.end, as: 'macro' };
  else if (expr.kind === 'not') yield* namesIn(expr.part);
  else if (expr.kind === 'check') yield* namesOf(expr);
  else for (const part of expr.parts) yield* namesIn(part);
}

function* namesOf({ right, operator, modifier }: Check): Generator<Name> {
  if (right?.kind === 'name') yield { ...right.span, name: right.name, as: 'list' };
  if (right?.kind !== 'values' || !takesList(operator, modifier)) return;
  for (const { text, quoted, start, end } of right.values) if (!quoted) yield { name: text, start, end, as: 'item' };
}
