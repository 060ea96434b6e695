/** What stands on either side of an operator → a term of the plan, with its type and where its value lives. */

import type { BoundField, FieldType, Scope } from '../event/fields/field.ts';
import type { Call, FieldRef, Operand } from './ast.ts';
import { FilterError } from './error.ts';
import { findField } from './find-field.ts';
import { replaced } from './hints.ts';
import type { Term } from './plan.ts';
import { TRANSFORMER_SPECS, type TransformerSpec } from './transformers.ts';

export interface Readable {
  readonly type: FieldType;
  readonly scope: Scope;
  readonly label: string;
  /** The field, when it is nothing but a field. */
  readonly bound: BoundField | null;
  readonly term: Term;
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
  if (bound.field.only === 'print') throw new FilterError(`${bound.label} is for printing only`, text, ref, ...filtered(bound, text, ref));
  return {
    type: bound.field.typeOf?.(bound.arg) ?? bound.field.type,
    scope: bound.field.scope,
    label: bound.label,
    bound,
    term: { kind: 'field', field: bound.field.name, arg: bound.arg },
  };
}

/** What filters take in the place of a field that is only printed: `evt.latency` of `evt.latency.human`. */
function filtered({ field: { instead = [] } }: BoundField, text: string, ref: FieldRef): [hint: string, fixed: string | null] {
  const last = instead.at(-1) ?? '';
  const hint = `filters take ${instead.length < 2 ? last : `${instead.slice(0, -1).join(', ')} or ${last}`}`;
  return [hint, instead.length === 1 ? replaced(text, ref, last) : null];
}

function constant(text: string): Readable {
  return { type: 'text', scope: 'type', label: text, bound: null, term: { kind: 'text', text } };
}

function resolveList(items: readonly Operand[], text: string, notes: string[]): Readable {
  const parts = items.map((item) => resolveOperand(item, text, notes));
  const term: Term = { kind: 'list', items: parts.map((part) => part.term) };
  return { type: 'text', scope: commonScope(parts), label: 'list', bound: null, term };
}

function resolveCall(call: Call, text: string, notes: string[]): Readable {
  const spec = TRANSFORMER_SPECS[call.name];
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
  return {
    type: spec.type,
    scope: commonScope(parts),
    label: `${call.name}(${parts.map(({ label }) => label).join(', ')})`,
    bound: null,
    term: { kind: 'call', transformer: call.name, args: parts.map((part) => part.term), option: call.arg ?? '' },
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
