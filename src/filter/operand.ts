/** What stands on either side of an operator → something that can be read off an event, with its type and where it lives. */

import { type BoundField, type Field, type FieldType, type Reading, type Scope, soughtField, type Value } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import type { Call, FieldRef, Operand } from './ast.ts';
import { FilterError } from './error.ts';
import { findField, isField } from './find-field.ts';
import { replaced } from './hints.ts';

export interface Readable {
  readonly type: FieldType;
  readonly scope: Scope;
  readonly label: string;
  /** The field, when it is nothing but a field. */
  readonly bound: BoundField | null;
  /** All fields that it reads. */
  readonly fields: readonly Field[];
  read(view: EventView): Reading;
}

/** Resolves an operand. Throws FilterError; pushes a word about each foreign name onto `notes`. */
export function resolveOperand(operand: Operand, text: string, notes: string[]): Readable {
  switch (operand.kind) {
    case 'field':
      return resolveField(operand, text, notes);
    case 'literal':
      return constant(operand.text);
    case 'list':
      return resolveList(operand.items, text, notes);
    case 'call':
      return resolveCall(operand, text, notes);
  }
}

function resolveField(ref: FieldRef, text: string, notes: string[]): Readable {
  const { bound, note } = findField(ref, text);
  if (note !== null) notes.push(note);
  if (bound.field.only === 'print')
    throw new FilterError(`${bound.label} is for printing only`, text, ref, ...filtered(bound.label, text, ref));
  return {
    type: bound.field.typeOf?.(bound.arg) ?? bound.field.type,
    scope: bound.field.scope,
    label: bound.label,
    bound,
    fields: [bound.field],
    read: (view) => soughtField(bound, view),
  };
}

/** What filters take in the place of a field that is only printed: `evt.latency` of `evt.latency.human`. */
function filtered(name: string, text: string, ref: FieldRef): [hint: string, fixed: string | null] {
  const base = name.slice(0, name.lastIndexOf('.'));
  if (!isField(base)) return ['filters take evt.reltime, evt.time or evt.rawtime', null];
  return [`filters take ${base}`, replaced(text, ref, base)];
}

function constant(value: string): Readable {
  return { type: 'text', scope: 'type', label: value, bound: null, fields: [], read: () => value };
}

function resolveList(items: readonly Operand[], text: string, notes: string[]): Readable {
  const parts = items.map((item) => resolveOperand(item, text, notes));
  const read = (view: EventView): Reading => {
    const values = parts.flatMap((part) => toValues(part.read(view)) ?? [null]);
    return values.includes(null) ? null : (values as Value[]);
  };
  return { type: 'text', scope: commonScope(parts), label: 'list', bound: null, fields: parts.flatMap(({ fields }) => fields), read };
}

interface TransformerSpec {
  readonly args: readonly [least: number, most: number];
  readonly type: FieldType;
  readonly example: string;
  apply(args: readonly Reading[], option: string): Reading;
}

const TRANSFORMERS: Readonly<Record<Call['name'], TransformerSpec>> = {
  tolower: {
    args: [1, 1],
    type: 'text',
    example: 'tolower(proc.name)=curl',
    apply: ([value]) => mapValues(value, (v) => textOf(v).toLowerCase()),
  },
  toupper: {
    args: [1, 1],
    type: 'text',
    example: 'toupper(proc.name)=CURL',
    apply: ([value]) => mapValues(value, (v) => textOf(v).toUpperCase()),
  },
  b64: {
    args: [1, 1],
    type: 'text',
    example: 'b64(proc.args) contains secret',
    apply: ([value]) => mapValues(value, (v) => Buffer.from(textOf(v), 'base64').toString()),
  },
  basename: {
    args: [1, 1],
    type: 'text',
    example: 'basename(proc.exepath)=curl',
    apply: ([value]) => mapValues(value, (v) => textOf(v).slice(textOf(v).lastIndexOf('/') + 1)),
  },
  len: { args: [1, 1], type: 'number', example: 'len(proc.args)>100', apply: ([value]) => length(value) },
  join: {
    args: [2, 2],
    type: 'text',
    example: 'join("/", (proc.name, fd.num)) = "curl/3"',
    apply: ([separator, list]) => joined(list, textOf(first(separator))),
  },
  concat: {
    args: [2, Infinity],
    type: 'text',
    example: 'concat(proc.name, ":", fd.num) = "curl:3"',
    apply: (args) => (args.includes(null) ? null : args.map((value) => textOf(first(value))).join('')),
  },
  getopt: {
    args: [2, 2],
    type: 'text',
    example: 'getopt(proc.args, "o:s")[o] = out',
    apply: ([list, options], option) => getopt(list, textOf(first(options)), option),
  },
};

function resolveCall(call: Call, text: string, notes: string[]): Readable {
  const spec = TRANSFORMERS[call.name];
  const [least, most] = spec.args;
  if (call.args.length < least || call.args.length > most) {
    const wanted = least === most ? `${least}` : `at least ${least}`;
    const message = `${call.name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${call.args.length}`;
    throw new FilterError(message, text, call, `as in ${spec.example}`);
  }
  const parts = call.args.map((arg) => resolveOperand(arg, text, notes));
  for (const [i, part] of parts.entries()) {
    if (call.name !== 'len' && call.name !== 'join' && call.name !== 'concat' && part.type !== 'text' && part.type !== 'bytes') {
      throw new FilterError(`${call.name}() takes text; ${part.label} is a ${part.type}`, text, call.args[i]!, `as in ${spec.example}`);
    }
  }
  requireLists(call, text, spec);
  const option = call.arg ?? '';
  const read = (view: EventView): Reading =>
    spec.apply(
      parts.map((part) => part.read(view)),
      option,
    );
  return {
    type: spec.type,
    scope: commonScope(parts),
    label: `${call.name}(${parts.map(({ label }) => label).join(', ')})`,
    bound: null,
    fields: parts.flatMap(({ fields }) => fields),
    read,
  };
}

/** `join(text, list)`, `getopt(list, text)`: refuses what can only be the other. */
function requireLists({ name, args }: Call, text: string, { example }: TransformerSpec): void {
  if (name !== 'join' && name !== 'getopt') return;
  const [list, single] = name === 'join' ? [args[1]!, args[0]!] : [args[0]!, args[1]!];
  if (list.kind === 'literal') throw new FilterError(`${name}() takes a list here`, text, list, `as in ${example}`);
  if (single.kind === 'list') throw new FilterError(`${name}() takes one text here`, text, single, `as in ${example}`);
}

/** The scope at which all of the parts can be read. Constants can be read anywhere. */
export function commonScope(parts: readonly Readable[]): Scope {
  const scopes = new Set(parts.filter(({ bound, scope }) => bound !== null || scope !== 'type').map(({ scope }) => scope));
  if (scopes.size === 0) return 'type';
  const [only] = scopes;
  return scopes.size === 1 && only !== 'column' ? only! : 'event';
}

function toValues(reading: Reading): Value[] | null {
  if (reading === null) return null;
  return Array.isArray(reading) ? (reading as Value[]) : [reading as Value];
}

function first(reading: Reading | undefined): Value {
  return toValues(reading ?? null)?.[0] ?? '';
}

function textOf(value: Value): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}

function mapValues(reading: Reading | undefined, map: (value: Value) => string): Reading {
  if (reading === null || reading === undefined) return null;
  return Array.isArray(reading) ? (reading as Value[]).map(map) : map(reading as Value);
}

/** Characters of a text, bytes of a buffer, items of a list. A missing value has length 0, as in Falco. */
function length(reading: Reading | undefined): number {
  if (reading === null || reading === undefined) return 0;
  if (reading instanceof Uint8Array || Array.isArray(reading)) return reading.length;
  return String(reading).length;
}

function joined(list: Reading | undefined, separator: string): Reading {
  return (
    toValues(list ?? null)
      ?.map(textOf)
      .join(separator) ?? null
  );
}

/** getopt(3) in small: the letters of the options given (with what stands for a value), or one option's value. */
function getopt(list: Reading | undefined, options: string, wanted: string): Reading {
  const values = toValues(list ?? null)?.map(textOf);
  if (values === undefined) return null;
  const words = values.length === 1 ? values[0]!.split(/\s+/) : values; // proc.args is one text
  const found: string[] = [];
  let value: string | null = null;
  for (let i = 0; i < words.length; i++) {
    const letter = /^-(\w)$/.exec(words[i]!)?.[1];
    if (letter === undefined) continue;
    const takesValue = options[options.indexOf(letter) + 1] === ':' && options.includes(letter);
    found.push(letter);
    const given = takesValue ? words[++i] : '';
    if (given !== undefined && given !== '') found.push(given);
    if (letter === wanted) value = given ?? '';
  }
  return wanted === '' ? found : value;
}
