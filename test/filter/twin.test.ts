/**
 * The compiled filter against a naive one: random filters over real captures, evaluated by steps over columns and rows,
 * and by looking at each event on its own with the plainest code that could work. They must select the same events.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Field, type Reading, readMatchValue, type Value } from '../../src/event/fields/field.ts';
import { FIELDS } from '../../src/event/fields/index.ts';
import { EventView } from '../../src/event/view.ts';
import type { Check, Expr, Operand } from '../../src/filter/ast.ts';
import { OPERATORS } from '../../src/filter/check.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { findField } from '../../src/filter/find-field.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { seeded } from '../bench/synthetic.ts';

const CAPTURES = join(packageRoot(), 'captures');
const FILTERS = 20_000;
/** Events of each capture that are looked at: the naive way is slow. */
const EVENTS = 60;

/** Events picked from all over a capture, with what every field reads on them. */
interface Sample {
  readonly capture: CaptureReader;
  readonly nums: readonly number[];
  /** By field and event: what it reads. */
  readonly readings: ReadonlyMap<Field, readonly Reading[]>;
}

function sample(path: string): Sample {
  const capture = new CaptureReader(path);
  const view = new EventView({ dims: capture.dims, epoch: capture.epoch, hostname: 'node', growing: false });
  const all: number[] = [];
  for (const head of capture.heads()) all.push(...capture.chunk(head).num.subarray(0, head.n));
  const random = seeded(11);
  const nums = [...new Set(Array.from({ length: EVENTS }, () => all[Math.floor(random() * all.length)]!))].sort((a, b) => a - b);
  const readings = new Map<Field, Reading[]>(FIELDS.map((field) => [field, []]));
  let before = 0;
  for (const head of capture.heads()) {
    const chunk = capture.chunk(head);
    view.timeBefore = before;
    before = head.maxTime;
    for (let i = 0; i < chunk.n; i++) {
      if (!nums.includes(chunk.num[i]!)) continue;
      for (const field of FIELDS)
        readings.get(field)!.push(readMatchValue({ field, arg: argOf(field), label: field.name }, view.at(chunk, i)));
    }
  }
  return { capture, nums, readings };
}

/** An argument that often gives something. */
function argOf({ arg, name }: Field): string {
  if (arg === undefined) return '';
  if (arg.name === 'LEVEL') return '1';
  if (arg.name === 'TIME') return '1795177800000000000';
  return name.startsWith('evt.arg') || name.startsWith('evt.rawarg') ? 'res' : name === 'evt.type.is' ? 'read' : 'x';
}

/** A random filter whose constants occur in the capture, or nearly. */
class Generator {
  constructor(
    readonly random: () => number,
    readonly sample: Sample,
  ) {}

  filter(depth = 0): string {
    const kind = this.random();
    if (depth > 3 || kind < 0.45) return this.check();
    if (kind < 0.6) return `not ${this.bracketed(depth)}`;
    return `${this.bracketed(depth)} ${kind < 0.8 ? 'and' : 'or'} ${this.bracketed(depth)}`;
  }

  bracketed(depth: number): string {
    return `(${this.filter(depth + 1)})`;
  }

  check(): string {
    const field = this.pick(FIELDS.filter(({ only }) => only !== 'print'));
    const operator = this.pick(OPERATORS[field.type].filter((candidate) => candidate !== 'regex'));
    const arg = argOf(field);
    const name = arg === '' ? field.name : `${field.name}[${arg}]`;
    if (operator === 'exists') return `${name} exists`;
    const constants = Array.from({ length: 1 + Math.floor(this.random() * 3) }, () => this.constant(field, operator));
    return /^(in|intersects|pmatch)$/.test(operator)
      ? `${name} ${operator} (${constants.join(', ')})`
      : `${name} ${operator} ${constants[0]}`;
  }

  constant(field: Field, operator: string): string {
    const readings = this.sample.readings.get(field)!.filter((reading) => reading !== null);
    const reading = readings.length === 0 ? null : this.pick(readings);
    const value = reading === null ? null : Array.isArray(reading) ? this.pick(reading as Value[]) : (reading as Value);
    if (operator.startsWith('b'))
      return value instanceof Uint8Array && value.length > 3 ? Buffer.from(value.subarray(0, 3)).toString('hex') : '00ff';
    switch (field.type) {
      case 'bool':
        return this.random() < 0.5 ? 'true' : 'false';
      case 'ip':
        return String(value ?? '10.0.0.1');
      case 'net':
        return `${value ?? '10.0.0.1'}/${String(value ?? '').includes(':') ? 64 : this.pick([8, 16, 24, 32])}`;
      case 'port':
        return String(value ?? 80);
      case 'walltime':
        return (this.sample.capture.epoch + BigInt(Math.round(Number(value ?? 0)))).toString();
      case 'number':
      case 'size':
      case 'span':
        return typeof value === 'number' ? String(Math.round(value) + this.pick([0, 0, 1, -1])) : '7';
      case 'bytes':
        return quoted(value instanceof Uint8Array ? Buffer.from(value.subarray(0, 4)).toString('latin1') : 'x');
      case 'text':
        return quoted(this.piece(String(value ?? 'x'), operator));
    }
  }

  /** A part of a text, so that contains, startswith and the like have something to find. */
  piece(text: string, operator: string): string {
    const whole = text.slice(0, 60);
    if (operator === 'glob' || operator === 'iglob') return `${whole.slice(0, 3)}*`;
    if (operator === '=' || operator === '==' || operator === '!=' || this.random() < 0.4) return text;
    const from = Math.floor(this.random() * whole.length);
    return whole.slice(from, from + 1 + Math.floor(this.random() * 5));
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.random() * values.length)]!;
  }
}

function quoted(text: string): string {
  let escaped = '';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === '"' || char === '\\') escaped += `\\${char}`;
    else escaped += code < 0x20 || (code >= 0x7f && code < 0x100) ? `\\x${code.toString(16).padStart(2, '0')}` : char;
  }
  return `"${escaped}"`;
}

/** The plain way: one event, one check after the other. */
class Naive {
  constructor(
    readonly sample: Sample,
    readonly text: string,
  ) {}

  matches(expr: Expr, event: number): boolean {
    switch (expr.kind) {
      case 'and':
        return expr.parts.every((part) => this.matches(part, event));
      case 'or':
        return expr.parts.some((part) => this.matches(part, event));
      case 'not':
        return !this.matches(expr.part, event);
      case 'check':
        return this.check(expr, event);
      case 'macro':
        throw new Error('no macros here');
    }
  }

  check({ left, operator, right }: Check, event: number): boolean {
    const { field } = findField(left as Operand & { kind: 'field' }, this.text).bound;
    const reading = this.sample.readings.get(field)![event]!;
    if (reading === null) return false;
    if (operator === 'exists') return true;
    const values = (Array.isArray(reading) ? reading : [reading]) as Value[];
    const constants = right?.kind === 'values' ? right.values.map(({ text }) => text) : [];
    const differs = (value: Value) => !this.compare('=', field, value, constants[0]!);
    if (operator === '!=') return field.ends === true ? values.every(differs) : values.some(differs);
    return values.some((value) => constants.some((constant) => this.compare(operator, field, value, constant)));
  }

  compare(operator: string, field: Field, value: Value, constant: string): boolean {
    if (value instanceof Uint8Array) return compareBytes(operator, Buffer.from(value), constant);
    if (field.type === 'net') return inNet(String(value), constant);
    if (field.type === 'bool') return value === (constant === 'true');
    if (typeof value === 'string') return compareText(operator, value, literalText(constant));
    const number = field.type === 'walltime' ? Number(BigInt(constant) - this.sample.capture.epoch) : Number(constant);
    if (/^==?$/.test(operator) && field.distance === true) return Number(value) <= number;
    if (operator === '<') return Number(value) < number;
    if (operator === '<=') return Number(value) <= number;
    if (operator === '>') return Number(value) > number;
    return operator === '>=' ? Number(value) >= number : value === number;
  }
}

/** What the parser makes of \xHH, as text. */
function literalText(constant: string): string {
  return Buffer.from(
    Array.from(constant).flatMap((char) => (char >= '\udc80' && char <= '\udcff' ? [char.charCodeAt(0) - 0xdc00] : [...Buffer.from(char)])),
  ).toString();
}

function compareText(operator: string, value: string, constant: string): boolean {
  switch (operator) {
    case 'contains':
      return value.indexOf(constant) >= 0;
    case 'icontains':
      return value.toLowerCase().indexOf(constant.toLowerCase()) >= 0;
    case 'startswith':
      return value.slice(0, constant.length) === constant;
    case 'endswith':
      return constant === '' || value.slice(-constant.length) === constant;
    case 'glob':
      return globMatches(constant, value);
    case 'iglob':
      return globMatches(constant.toLowerCase(), value.toLowerCase());
    case 'pmatch': {
      const prefix = constant.endsWith('/') ? constant.slice(0, -1) : constant;
      return value === prefix || value.slice(0, prefix.length + 1) === `${prefix}/`;
    }
    default:
      return value === constant;
  }
}

/** The classic recursion over `*`, `?`, sets and escapes. */
function globMatches(glob: string, value: string): boolean {
  if (glob === '') return value === '';
  const [head] = glob;
  if (head === '*') return globMatches(glob.slice(1), value) || (value !== '' && globMatches(glob, value.slice(1)));
  if (value === '') return false;
  if (head === '?') return globMatches(glob.slice(1), value.slice(1));
  if (head === '\\' && glob.length > 1) return value[0] === glob[1] && globMatches(glob.slice(2), value.slice(1));
  const close = head === '[' ? glob.indexOf(']', 2) : -1;
  if (close > 0) return setHas(glob.slice(1, close), value[0]!) && globMatches(glob.slice(close + 1), value.slice(1));
  return head === value[0] && globMatches(glob.slice(1), value.slice(1));
}

function setHas(set: string, char: string): boolean {
  const negated = set.startsWith('!') || set.startsWith('^');
  const members = negated ? set.slice(1) : set;
  let found = false;
  for (let i = 0; i < members.length; i++) {
    if (members[i + 1] === '-' && i + 2 < members.length) {
      found ||= char >= members[i]! && char <= members[i + 2]!;
      i += 2;
    } else found ||= char === members[i];
  }
  return found !== negated;
}

function compareBytes(operator: string, value: Buffer, constant: string): boolean {
  const hex = operator.startsWith('b');
  const needle = hex
    ? Buffer.from(constant, 'hex')
    : Buffer.from(
        Array.from(constant).flatMap((char) =>
          char >= '\udc80' && char <= '\udcff' ? [char.charCodeAt(0) - 0xdc00] : [...Buffer.from(char)],
        ),
      );
  const texts = [value, needle].map((bytes) => bytes.toString('latin1')) as [string, string];
  if (operator.endsWith('contains')) return texts[0].includes(texts[1]);
  if (operator.endsWith('startswith')) return texts[0].startsWith(texts[1]);
  return operator === 'endswith' ? texts[0].endsWith(texts[1]) : texts[0] === texts[1];
}

function inNet(address: string, net: string): boolean {
  const [base, bits] = net.split('/') as [string, string];
  if (address.includes(':') !== base.includes(':')) return false;
  return addressBits(address).slice(0, Number(bits)) === addressBits(base).slice(0, Number(bits));
}

function addressBits(address: string): string {
  if (!address.includes(':'))
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [head, tail] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = tail === undefined ? head! : [...head!, ...Array<string>(8 - head!.length - tail.length).fill('0'), ...tail];
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}

const paths = existsSync(CAPTURES) ? readdirSync(CAPTURES).filter((name) => name.endsWith('.trowel')) : [];

describe.skipIf(paths.length === 0)('compiled and naive filters agree', () => {
  test.each(paths)(
    'on captures/%s',
    (name) => {
      const taken = sample(join(CAPTURES, name));
      const seed = Number(process.env.TWIN_SEED ?? 20_261_121);
      const generator = new Generator(seeded(seed), taken);
      const context = { dims: taken.capture.dims, epoch: taken.capture.epoch, hostname: 'node', growing: false };
      const picked = new Set(taken.nums);
      for (let made = 0; made < FILTERS / paths.length; made++) {
        const text = generator.filter();
        const expr = parseFilter(text)!;
        const naive = new Naive(taken, text);
        const wanted = taken.nums.filter((_, event) => naive.matches(expr, event));
        const found: number[] = [];
        for (const { chunk, selection, n } of taken.capture.select(compileFilter(text, context))) {
          for (let k = 0; k < n; k++) if (picked.has(chunk.num[selection[k]!]!)) found.push(chunk.num[selection[k]!]!);
        }
        if (found.join() !== wanted.join()) expect.fail(`seed ${seed}, filter ${made}: ${text}\n  compiled ${found}\n  naive    ${wanted}`);
      }
      taken.capture.close();
    },
    240_000,
  );
});
