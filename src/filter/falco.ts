/** Falco's rules files: lists, macros and rules, in whatever notation of YAML, as named filters and lists. */
import { parseDocument } from 'yaml';
import { DefinitionError, type Definitions } from './definition.ts';
import { written } from './literal.ts';

type Entry = Readonly<Record<string, unknown>>;
type Kind = 'list' | 'macro' | 'rule';

const BODY: Readonly<Record<Kind, string>> = { list: 'items', macro: 'condition', rule: 'condition' };

/** `before`: what earlier files defined, which this one may append to. Throws DefinitionError. */
export function falcoDefinitions(text: string, file: string, before: Definitions): Definitions {
  const document = parseDocument(text, { strict: false, uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined) throw new DefinitionError(`${file}: ${error.message}`);
  const found = new Map(before);
  const entries: unknown = document.toJS();
  for (const entry of Array.isArray(entries) ? entries : []) {
    for (const kind of ['list', 'macro', 'rule'] as const) if (isEntry(entry) && kind in entry) define(kind, entry, found, file);
  }
  return found;
}

function isEntry(entry: unknown): entry is Entry {
  return typeof entry === 'object' && entry !== null;
}

function define(kind: Kind, entry: Entry, found: Map<string, string>, file: string): void {
  const title = String(entry[kind]);
  const name = kind === 'rule' ? ruleName(title) : title;
  const own = kind === 'list' ? listText(entry.items) : conditionText(entry.condition);
  const isAppended = appends(entry, BODY[kind]);
  if (own === null) {
    // A rule may be switched off, or get exceptions alone; a list or a macro without a body says nothing.
    if (kind === 'rule') return;
    throw new DefinitionError(`${file}: ${kind} ${title} has no ${BODY[kind]}`);
  }
  const old = found.get(name);
  if (isAppended && old === undefined)
    throw new DefinitionError(`${file}: ${kind} ${title} is to be appended to, but was not defined before`);
  const whole = isAppended ? joined(kind, old!, own) : own;
  found.set(name, kind === 'rule' ? withExceptions(whole, entry.exceptions) : whole);
}

/** `append: true`, or `override: { items: append }`. */
function appends(entry: Entry, body: string): boolean {
  if (entry.append === true) return true;
  return isEntry(entry.override) && entry.override[body] === 'append';
}

/** Conditions are put together as they are written: the second begins with `and` or `or`. */
function joined(kind: Kind, old: string, own: string): string {
  if (kind !== 'list') return `${old} ${own}`;
  const items = [old, own].map((list) => list.slice(1, -1)).filter((list) => list !== '');
  return `(${items.join(', ')})`;
}

function conditionText(condition: unknown): string | null {
  if (condition === undefined || condition === null) return null;
  return String(condition).replace(/\s+/g, ' ').trim();
}

/** `(a, b)`; null: there are no items. A folded text is a list as it would be without. */
function listText(items: unknown): string | null {
  if (Array.isArray(items)) return `(${items.flat(2).map(itemText).join(', ')})`;
  if (typeof items !== 'string') return null;
  const read: unknown = parseDocument(items.trim()).toJS();
  return listText(Array.isArray(read) ? read : items.split(',').map((item) => item.trim()));
}

/** Quotes within the YAML are the filter's: `'"10.0.0.0/8"'`. What stands in none may be another list's name. */
function itemText(item: unknown): string {
  const text = String(item);
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  return quoted === null ? written(text) : `"${quoted[2]!.replace(/["\\]/g, '\\$&')}"`;
}

/** A rule's title as a name: `Terminal shell in container` is terminal_shell_in_container. */
function ruleName(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}

/** What is an exception does not match; those without values change nothing. */
function withExceptions(condition: string, exceptions: unknown): string {
  const all = (Array.isArray(exceptions) ? exceptions : []).filter(isEntry).flatMap(exceptionTexts);
  return all.length === 0 ? condition : `(${condition}) and not (${all.join(' or ')})`;
}

/** One condition for each row of values; where there is one field, `values` are what it is compared with. */
function exceptionTexts({ fields, comps, values }: Entry): string[] {
  if (!Array.isArray(values) || values.length === 0) return [];
  if (!Array.isArray(fields)) return [comparison(String(fields), comps ?? 'in', values)];
  const operators = Array.isArray(comps) ? comps : fields.map(() => comps ?? '=');
  return values
    .filter((row) => Array.isArray(row))
    .map((row: unknown[]) => `(${fields.map((field, i) => comparison(String(field), operators[i], row[i])).join(' and ')})`);
}

function comparison(field: string, operator: unknown, value: unknown): string {
  const several = Array.isArray(value);
  const text = several ? `(${value.flat(2).map(itemText).join(', ')})` : itemText(value);
  const isSet = ['in', 'intersects', 'pmatch'].includes(String(operator));
  return `${field} ${String(operator)} ${isSet && !several ? `(${text})` : text}`;
}
