/** Falco's rules files: lists, macros and rules, in whatever notation of YAML, as named filters and lists. */
import { parseDocument } from 'yaml';
import { DefinitionError, type Definitions } from './definition.ts';
import { type Entry, isEntry, itemText } from './falco-entries.ts';
import { type Change, ruleText } from './falco-rules.ts';

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

function define(kind: Kind, entry: Entry, found: Map<string, string>, file: string): void {
  const title = String(entry[kind]);
  const name = kind === 'rule' ? ruleName(title) : title;
  const old = found.get(name);
  const changes = (key: string) => changeOf(entry, key, `${file}: ${kind} ${title}`);
  const { override } = entry;
  const isChange = entry.append === true || (isEntry(override) && (BODY[kind] in override || 'exceptions' in override));
  const isAppended = changes(BODY[kind]) === 'append';
  if (isChange && old === undefined)
    throw new DefinitionError(`${file}: ${kind} ${title} is to be ${isAppended ? 'appended to' : 'changed'}, but was not defined before`);
  const own = kind === 'list' ? listText(entry.items) : conditionText(entry.condition);
  if (kind === 'rule') {
    // An entry may switch a rule off, or change its words alone.
    if (own === null && !isEntry(entry.exceptions)) return;
    found.set(
      name,
      inFile(file, () => ruleText(changesOnly(entry) ? old : undefined, own, entry.exceptions, changes)),
    );
    return;
  }
  if (own === null) throw new DefinitionError(`${file}: ${kind} ${title} has no ${BODY[kind]}`);
  found.set(name, isAppended ? joined(kind, old!, own) : own);
}

/** Whether an entry changes an earlier one, rather than being one of its own. */
const changesOnly = (entry: Entry) => entry.append === true || isEntry(entry.override);

/** `append: true` is about all that an entry has, `override: { items: append }` about one key; a key that `override` leaves out stays. */
function changeOf({ append, override }: Entry, key: string, what: string): Change {
  if (append === true) return 'append';
  if (!isEntry(override)) return 'replace';
  const change = override[key] ?? (key in override ? null : undefined);
  if (change === undefined) return key === 'exceptions' ? 'keep' : 'replace';
  if (change !== 'append' && change !== 'replace')
    throw new DefinitionError(`${what}: override of ${key} is append or replace, not ${String(change)}`);
  return change;
}

function inFile<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof DefinitionError ? new DefinitionError(`${file}: ${error.message}`) : error;
  }
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

/** A rule's title as a name: `Terminal shell in container` is terminal_shell_in_container. */
function ruleName(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}
