/** A comparison → a test of what its field reads. All of the language's semantics of values are here. */

import ipaddr from 'ipaddr.js';
import type { Reading, Value } from '../../event/fields/field.ts';
import type { Modifier, Operator } from '../ast.ts';
import { type Bound, type Comparison, type Constant, knownField, type Term } from '../plan.ts';
import { globPattern, wholePattern } from './patterns.ts';

/** Whether a reading satisfies a check. A missing value satisfies none. */
export type ReadingTest = (reading: Reading) => boolean;

/** A network: a test of one address in text form. */
type NetTest = (address: string) => boolean;
type Operand = Value | NetTest;

/** The test of a comparison with constants. `epoch`: ns since 1970 of the capture's time zero. */
export function readingTest({ left, operator, modifier, constants }: Comparison, epoch: bigint): ReadingTest {
  if (operator === 'exists') return (reading) => reading !== null;
  const lift = lifted(operator, left);
  const operands = constants.map((constant) => operandOf(constant, epoch));
  const each = () => operands.map((operand) => lift(valueTest(operator, operand)));
  if (modifier !== null) return withModifier(modifier, each());
  if (operator === 'in' || operator === 'intersects') return membership(operands);
  return anyOf(each());
}

/** The test of two readings, for `field = val(other)`. */
export function pairTest({ left, operator }: Comparison): (left: Reading, right: Reading) => boolean {
  const lift = lifted(operator, left);
  const equality = operator === 'in' || operator === 'intersects' ? '=' : operator;
  return (one, other) => {
    if (one === null || other === null) return false;
    const others = Array.isArray(other) ? (other as readonly Value[]) : [other as Value];
    return others.some((value) => lift(valueTest(equality, value))(one));
  };
}

/** A bound of a column as the column has it: ns since the capture's start where it is a time. */
export function boundOf(bound: Bound, epoch: bigint): number {
  return typeof bound === 'number' ? bound : Number(BigInt(bound.wallNs) - epoch);
}

/** Of a field with two ends, `!=` is meant of both. */
function lifted(operator: Operator, left: Term): (test: (value: Value) => boolean) => ReadingTest {
  return operator === '!=' && left.kind === 'field' && knownField(left.field).ends === true ? none : any;
}

function operandOf(constant: Constant, epoch: bigint): Operand {
  if (typeof constant !== 'object') return constant;
  if ('hex' in constant) return Buffer.from(constant.hex, 'hex');
  return 'net' in constant ? withinNet(constant.net, constant.bits) : boundOf(constant, epoch);
}

function withinNet(net: string, bits: number): NetTest {
  const base = ipaddr.parse(net);
  return (candidate) => {
    const parsed = ipaddr.parse(candidate);
    return parsed.kind() === base.kind() && parsed.match(base, bits);
  };
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
  if (tests.length === 1) return tests[0]!;
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

function membership(operands: readonly Operand[]): ReadingTest {
  const tested = operands.some((operand) => typeof operand === 'function' || operand instanceof Uint8Array);
  if (tested) return anyOf(operands.map((operand) => any(valueTest('=', operand))));
  const set = new Set(operands as readonly Value[]);
  return any((value) => set.has(value));
}

function valueTest(operator: Operator, constant: Operand): (value: Value) => boolean {
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
