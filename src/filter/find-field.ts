/** From a name as users write it to a field: exact names, aliases, arguments, and an answer to names that do not exist. */

import { ALIASES, UNSUPPORTED } from '../event/fields/aliases.ts';
import type { BoundField } from '../event/fields/field.ts';
import { FIELDS, fieldCalled } from '../event/fields/index.ts';
import type { FieldRef } from './ast.ts';
import { closest, didYouMean, FilterError } from './error.ts';
import { replaced } from './hints.ts';

const NAMES = FIELDS.map(({ name }) => name);

/** A field as a filter or a list of columns names it, and a word about a name that is not ours. */
export interface Found {
  readonly bound: BoundField;
  readonly note: string | null;
}

/** Looks a reference up: the exact name, an alias, or a field that takes what follows its name as argument. Throws FilterError. */
export function findField(ref: FieldRef, text: string): Found {
  const exact = direct(ref);
  if (exact !== null) return checked({ bound: exact, note: null }, ref, text);
  const alias = ALIASES.find(({ from }) => ref.name === from || (from.endsWith('.') && ref.name.startsWith(from)));
  if (alias !== undefined) {
    const name = alias.from.endsWith('.') ? alias.to + ref.name.slice(alias.from.length) : alias.to;
    const bound = direct({ ...ref, name });
    if (bound !== null) return checked({ bound: { ...bound, label: label(ref) }, note: `${ref.name} is ${name} here` }, ref, text);
  }
  const known = UNSUPPORTED.find(({ pattern }) => pattern.test(ref.name));
  if (known !== undefined) throw new FilterError(`${ref.name} is known to ${known.of}, but not supported`, text, ref, known.reason);
  unknown(ref, text);
}

function unknown(ref: FieldRef, text: string): never {
  const group = ref.name.slice(0, ref.name.indexOf('.') + 1);
  const inGroup = NAMES.filter((name) => name.startsWith(group));
  const others =
    inGroup.length === 0 ? '`trowel fields` lists all' : `there are ${inGroup.slice(0, 5).join(', ')} …: \`trowel fields\` lists all`;
  const meant = closest(ref.name, NAMES);
  const fixed = meant === null ? null : replaced(text, { start: ref.start, end: ref.start + ref.name.length }, meant);
  throw new FilterError(`unknown field ${ref.name}`, text, ref, didYouMean(ref.name, NAMES) || others, fixed);
}

/** The field of a name alone, `proc.name`, `proc.aname[2]`, `http.header.host`. Throws FilterError for a name that does not exist. */
export function fieldNamed(text: string): BoundField {
  const [, name = text, arg = null] = /^([^[\]]+)\[(.*)\]$/s.exec(text) ?? [];
  return findField({ kind: 'field', name, arg, start: 0, end: text.length }, text).bound;
}

function direct(ref: FieldRef): BoundField | null {
  const exact = fieldCalled(ref.name);
  if (exact !== undefined) return { field: exact, arg: ref.arg ?? '', label: label(ref) };
  if (ref.arg !== null) return null;
  for (let dot = ref.name.lastIndexOf('.'); dot > 0; dot = ref.name.lastIndexOf('.', dot - 1)) {
    const field = fieldCalled(ref.name.slice(0, dot));
    if (field?.arg !== undefined) return { field, arg: ref.name.slice(dot + 1), label: label(ref) };
  }
  return null;
}

function label(ref: FieldRef): string {
  return ref.arg === null ? ref.name : `${ref.name}[${ref.arg}]`;
}

function checked(found: Found, ref: FieldRef, text: string): Found {
  const { field, arg } = found.bound;
  const { name } = field;
  if (arg !== '' && field.arg === undefined)
    throw new FilterError(`${name} takes no argument`, text, ref, `write ${name}`, replaced(text, ref, name));
  if (arg === '' && field.arg?.required === true) {
    const forms = `${name}.${field.arg.name} or ${name}[${field.arg.name}]`;
    throw new FilterError(`${name} needs an argument`, text, ref, `write ${forms}, for example ${field.example}`);
  }
  const { valid, wanted = '', hint = '' } = field.arg ?? {};
  if (valid !== undefined && arg !== '' && !valid.test(arg)) throw new FilterError(`${name}[${arg}]: ${wanted}`, text, ref, hint);
  return found;
}
