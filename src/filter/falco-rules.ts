/** Rules of Falco's files: a condition, and exceptions by name, each of which later entries may replace or add to. */
import { DefinitionError } from './definition.ts';
import { isEntry, itemText } from './falco-entries.ts';

interface Exception {
  readonly fields: unknown;
  readonly comps: unknown;
  readonly values: readonly unknown[];
}

interface Rule {
  readonly condition: string;
  readonly exceptions: ReadonlyMap<string, Exception>;
}

/** What rules are made of, by their text: definitions are texts, and later entries add to the parts. */
const PARTS = new Map<string, Rule>();

/** How an entry changes what an earlier one of its name said. */
export type Change = 'append' | 'replace' | 'keep';

/** Of a rule's text before (undefined: none) and an entry of its name, the text after. Throws DefinitionError. */
export function ruleText(
  before: string | undefined,
  condition: string | null,
  exceptions: unknown,
  changes: (key: string) => Change,
): string {
  const old: Rule | null = before === undefined ? null : (PARTS.get(before) ?? { condition: before, exceptions: new Map() });
  const rule: Rule = {
    condition: conditionOf(old, condition, changes('condition')),
    exceptions: exceptionsOf(old?.exceptions ?? new Map(), exceptions, changes('exceptions')),
  };
  const text = whole(rule);
  PARTS.set(text, rule);
  return text;
}

function conditionOf(old: Rule | null, condition: string | null, change: Change): string {
  if (condition === null) return old?.condition ?? '';
  return change === 'append' && old !== null ? `${old.condition} ${condition}` : condition;
}

/** An exception of a known name gets more values; it may leave out its fields then. */
function exceptionsOf(old: ReadonlyMap<string, Exception>, given: unknown, change: Change): ReadonlyMap<string, Exception> {
  if (given === undefined || given === null) return change === 'replace' ? new Map() : old;
  const found = new Map(change === 'append' ? old : []);
  (Array.isArray(given) ? given : []).filter(isEntry).forEach((entry, i) => {
    const name = String(entry.name ?? i);
    const known = found.get(name);
    const fields = entry.fields ?? known?.fields;
    if (fields === undefined) throw new DefinitionError(`exception ${name} has no fields, and none before it has that name`);
    const values = Array.isArray(entry.values) ? entry.values : [];
    found.set(name, { fields, comps: entry.comps ?? known?.comps, values: [...(known?.values ?? []), ...values] });
  });
  return found;
}

/** What is an exception does not match; those without values change nothing. */
function whole({ condition, exceptions }: Rule): string {
  const all = [...exceptions.values()].flatMap(exceptionTexts);
  return all.length === 0 ? condition : `(${condition}) and not (${all.join(' or ')})`;
}

/** One condition for each row of values; where there is one field, `values` are what it is compared with. */
function exceptionTexts({ fields, comps, values }: Exception): string[] {
  if (values.length === 0) return [];
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
