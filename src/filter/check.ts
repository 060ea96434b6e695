/** One check → a test of what its field reads. All of the language's semantics of values are here. */

import type { FieldType, Reading, Value } from '../event/fields/field.ts';
import type { Check, Literal, Modifier, Operator } from './ast.ts';
import { type Constant, type ConstantContext, type NetTest, parseConstant, parseHex } from './constant.ts';
import { FilterError } from './error.ts';
import { replaced } from './hints.ts';

/** Whether a reading satisfies a check. A missing value satisfies none. */
export type ReadingTest = (reading: Reading) => boolean;

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

/** Compiles a check whose right side is constant; `ends`: of a field with two ends. Throws FilterError where operator or constant do not fit the type. */
export function compileCheck(
  check: Check,
  type: FieldType,
  ends: boolean,
  values: readonly Literal[],
  context: ConstantContext,
): ReadingTest {
  const { operator, modifier } = check;
  const lift = operator === '!=' && ends ? none : any;
  if (operator === 'exists') return (reading) => reading !== null;
  const constants = values.map((literal) => constantFor(operator, type, literal, context));
  if (modifier !== null)
    return withModifier(
      modifier,
      constants.map((constant) => lift(valueTest(operator, constant))),
    );
  if (operator === 'in' || operator === 'intersects') return membership(constants);
  if (operator === 'pmatch') return anyOf(constants.map((constant) => lift(valueTest(operator, constant))));
  return lift(valueTest(operator, constants[0]!));
}

/** Refuses an operator that the type does not take. */
export function requireOperator(check: Check, type: FieldType, name: string, text: string): void {
  if (OPERATORS[type].includes(check.operator)) return;
  const takes = OPERATORS[type].filter((operator) => operator !== '==' && operator !== 'intersects').join(' ');
  const hint = ORDER.includes(check.operator) ? 'only numbers have an order' : `it takes ${takes}`;
  throw new FilterError(`${name} (${type}) has no '${check.operator}'`, text, check.operatorSpan, hint, instead(check, type, name, text));
}

/** The check with what does what the operator would, where something does. */
function instead(check: Check, type: FieldType, name: string, text: string): string | null {
  const { operator, operatorSpan } = check;
  if (type === 'bytes' && operator === 'icontains') return replaced(text, operatorSpan, 'contains');
  const net = /^fd\.([cslr]?)ip$/.exec(name);
  const address = /^((?:[0-9]{1,3}\.){1,3}|(?:[0-9]{1,3}\.){0,2}[0-9]{1,3})\.?$/.exec(
    check.right?.kind === 'values' ? (check.right.values[0]?.text ?? '') : '',
  );
  if (net === null || address === null || !/^(contains|startswith|glob)$/.test(operator)) return null;
  const numbers = address[0].split('.').filter((part) => part !== '');
  const base = [...numbers, '0', '0', '0'].slice(0, 4).join('.');
  return replaced(text, check, `fd.${net[1]}net=${base}/${numbers.length * 8}`);
}

/** Compares two readings, for `field = val(other)`. */
export function compareReadings(operator: Operator, ends: boolean, left: Reading, right: Reading): boolean {
  const lift = operator === '!=' && ends ? none : any;
  if (left === null || right === null) return false;
  const others = Array.isArray(right) ? (right as readonly Value[]) : [right as Value];
  return others.some((other) => lift(valueTest(operator === 'in' || operator === 'intersects' ? '=' : operator, other))(left));
}

function constantFor(operator: Operator, type: FieldType, literal: Literal, context: ConstantContext): Constant {
  if (operator === 'bcontains' || operator === 'bstartswith') return parseHex(literal, context);
  if (operator === 'regex') return checkedRegex(literal, context);
  return parseConstant(type, literal, context);
}

/** Of several values in a reading, one that passes is enough. */
function any(test: (value: Value) => boolean): ReadingTest {
  return (reading) => reading !== null && (Array.isArray(reading) ? (reading as Value[]).some(test) : test(reading as Value));
}

/** Neither end may fail: who writes fd.port!=53 wants no DNS. */
function none(test: (value: Value) => boolean): ReadingTest {
  return (reading) => {
    if (reading === null) return false;
    if (!Array.isArray(reading)) return test(reading as Value);
    return reading.length > 0 && (reading as Value[]).every(test);
  };
}

function anyOf(tests: readonly ReadingTest[]): ReadingTest {
  return (reading) => tests.some((test) => test(reading));
}

function withModifier(modifier: Modifier, tests: readonly ReadingTest[]): ReadingTest {
  return (reading) => {
    if (reading === null) return false;
    const matches = tests.filter((test) => test(reading)).length;
    if (modifier === 'oneof') return matches === 1;
    return modifier === 'anyof' ? matches > 0 : matches === tests.length && tests.length > 0;
  };
}

function membership(constants: readonly Constant[]): ReadingTest {
  const tests = constants.filter((constant) => typeof constant === 'function' || constant instanceof Uint8Array);
  if (tests.length > 0) return anyOf(constants.map((constant) => any(valueTest('=', constant))));
  const set = new Set(constants as Value[]);
  return any((value) => set.has(value));
}

function valueTest(operator: Operator, constant: Constant): (value: Value) => boolean {
  if (typeof constant === 'function') return netTest(operator, constant);
  if (constant instanceof Uint8Array) return bytesTest(operator, constant);
  if (typeof constant === 'string') return textTest(operator, constant);
  return numberTest(operator, constant);
}

function netTest(operator: Operator, within: NetTest): (value: Value) => boolean {
  return operator === '!=' ? (value) => !within(String(value)) : (value) => within(String(value));
}

function numberTest(operator: Operator, constant: number | boolean): (value: Value) => boolean {
  switch (operator) {
    case '<':
      return (value) => value < constant;
    case '<=':
      return (value) => value <= constant;
    case '>':
      return (value) => value > constant;
    case '>=':
      return (value) => value >= constant;
    case '!=':
      return (value) => value !== constant;
    default:
      return (value) => value === constant;
  }
}

function textTest(operator: Operator, constant: string): (value: Value) => boolean {
  const small = constant.toLowerCase();
  switch (operator) {
    case '!=':
      return (value) => value !== constant;
    case 'contains':
      return (value) => String(value).includes(constant);
    case 'icontains':
      return (value) => String(value).toLowerCase().includes(small);
    case 'startswith':
      return (value) => String(value).startsWith(constant);
    case 'endswith':
      return (value) => String(value).endsWith(constant);
    case 'glob':
      return patternTest(globPattern(constant, 's'));
    case 'iglob':
      return patternTest(globPattern(constant, 'si'));
    case 'regex':
      return patternTest(wholePattern(constant));
    case 'pmatch':
      return (value) => isPathPrefix(constant, String(value));
    default:
      return (value) => value === constant;
  }
}

function patternTest(pattern: RegExp): (value: Value) => boolean {
  return (value) => pattern.test(String(value));
}

function bytesTest(operator: Operator, constant: Uint8Array): (value: Value) => boolean {
  const needle = Buffer.from(constant.buffer, constant.byteOffset, constant.byteLength);
  const bytes = (value: Value) => {
    const view = value as Uint8Array;
    return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  };
  switch (operator) {
    case '!=':
      return (value) => !bytes(value).equals(needle);
    case 'contains':
    case 'bcontains':
      return (value) => bytes(value).includes(needle);
    case 'startswith':
    case 'bstartswith':
      return (value) => bytes(value).subarray(0, needle.length).equals(needle);
    case 'endswith':
      return (value) => bytes(value).subarray(-needle.length).equals(needle) || needle.length === 0;
    default:
      return (value) => bytes(value).equals(needle);
  }
}

/** Whether `prefix` is the path itself or a directory above it. */
function isPathPrefix(prefix: string, path: string): boolean {
  const trimmed = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path === trimmed || path.startsWith(`${trimmed}/`);
}

/** fnmatch(3) without flags: `*` passes slashes too. */
export function globPattern(glob: string, flags: string): RegExp {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i]!;
    const close = char === '[' ? glob.indexOf(']', i + 2) : -1;
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (close > 0) {
      const set = glob
        .slice(i + 1, close)
        .replace(/^!/, '^')
        .replace(/[\\[\]]/g, '\\$&');
      source += `[${set}]`;
      i = close;
    } else if (char === '\\' && i + 1 < glob.length) source += escapeRegex(glob[++i]!);
    else source += escapeRegex(char);
  }
  return new RegExp(`^${source}$`, flags);
}

function escapeRegex(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The whole value must match, as in Falco. */
function wholePattern(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, 's');
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
