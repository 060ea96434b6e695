/** Which operators and constants a type takes, and the answer to others. */

import type { Field, FieldType } from '../event/fields/field.ts';
import type { Check, Literal, Operator, Span } from './ast.ts';
import { type ConstantContext, parseConstant, parseHex } from './constant.ts';
import { FilterError } from './error.ts';
import { replaced } from './hints.ts';
import type { Readable } from './operand.ts';
import type { Constant } from './plan.ts';
import { wholePattern } from './run/patterns.ts';

const EQUALITY: readonly Operator[] = ['exists', '=', '==', '!=', 'in', 'intersects'];
const ORDER: readonly Operator[] = ['<', '<=', '>', '>='];
const TEXT: readonly Operator[] = ['contains', 'icontains', 'startswith', 'endswith', 'glob', 'iglob', 'regex', 'pmatch'];
const BYTES: readonly Operator[] = ['contains', 'startswith', 'endswith', 'bcontains', 'bstartswith'];

/** Which operators a type takes. */
export const OPERATORS: Readonly<Record<FieldType, readonly Operator[]>> = {
  text: [...EQUALITY, ...TEXT],
  bytes: [...EQUALITY, ...BYTES],
  number: [...EQUALITY, ...ORDER],
  size: [...EQUALITY, ...ORDER],
  span: [...EQUALITY, ...ORDER],
  walltime: [...EQUALITY, ...ORDER],
  port: [...EQUALITY, ...ORDER],
  bool: EQUALITY,
  ip: EQUALITY,
  net: EQUALITY,
};

/** The constant of a check. Throws FilterError for one that the type does not take. */
export function constantFor(operator: Operator, type: FieldType, literal: Literal, context: ConstantContext): Constant {
  if (operator === 'bcontains' || operator === 'bstartswith') return parseHex(literal, context);
  if (operator === 'regex') return checkedRegex(literal, context);
  return parseConstant(type, literal, context);
}

/** Refuses an operator that the type does not take. */
export function requireOperator(check: Check, { type, label, bound }: Readable, text: string): void {
  if (OPERATORS[type].includes(check.operator)) return;
  const takes = OPERATORS[type].filter((operator) => operator !== '==' && operator !== 'intersects').join(' ');
  const hint = ORDER.includes(check.operator) ? 'only numbers have an order' : `it takes ${takes}`;
  throw new FilterError(
    `${label} (${type}) has no '${check.operator}'`,
    text,
    check.operatorSpan,
    hint,
    instead(check, type, bound?.field, text),
  );
}

/** The check with what does what the operator would, where something does. */
function instead(check: Check, type: FieldType, field: Field | undefined, text: string): string | null {
  const { operator, operatorSpan } = check;
  if (type === 'bytes' && operator === 'icontains') return replaced(text, operatorSpan, 'contains');
  const net = field?.companions?.net;
  const address = /^((?:[0-9]{1,3}\.){1,3}|(?:[0-9]{1,3}\.){0,2}[0-9]{1,3})\.?$/.exec(
    check.right?.kind === 'values' ? (check.right.values[0]?.text ?? '') : '',
  );
  if (net === undefined || address === null || !/^(contains|startswith|glob)$/.test(operator)) return null;
  const numbers = address[0].split('.').filter((part) => part !== '');
  const base = [...numbers, '0', '0', '0'].slice(0, 4).join('.');
  return replaced(text, check, `${net}=${base}/${numbers.length * 8}`);
}

const KINDS: Readonly<Record<FieldType, string>> = {
  text: 'text',
  bytes: 'text',
  number: 'number',
  span: 'number',
  size: 'number',
  port: 'number',
  walltime: 'time',
  bool: 'bool',
  ip: 'address',
  net: 'address',
};

/** Refuses to compare what can never be equal; `place`: of the right side. */
export function requireComparable(place: Span, left: Readable, right: Readable, text: string): void {
  if (KINDS[left.type] === KINDS[right.type]) return;
  const message = `${left.label} (${left.type}) and ${right.label} (${right.type}) cannot be compared`;
  throw new FilterError(message, text, place, `${left.label} is compared with what is ${KINDS[left.type]}, too`);
}

function checkedRegex(literal: Literal, { text }: ConstantContext): string {
  try {
    wholePattern(literal.text);
    return literal.text;
  } catch (error) {
    const reason = (error as Error).message.replace(/^.*: /, '').toLowerCase();
    const globbed = /^[\w./-]*\*[\w./*-]*$/.test(literal.text);
    const fixed = globbed ? text.slice(0, literal.start).replace(/regex(\s*)$/, 'glob$1') + text.slice(literal.start) : null;
    throw new FilterError(`'${literal.text}' is not a regular expression`, text, literal, globbed ? '* and ? go with glob' : reason, fixed);
  }
}
