/**
 * The compiled filter against a naive one: random filters over real captures, evaluated by steps over columns and rows,
 * and by looking at each event on its own with the plainest code that could work. They must select the same events.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Field, Value } from '../../src/event/fields/field.ts';
import type { Check, Expr, Operand } from '../../src/filter/ast.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { findField } from '../../src/filter/find-field.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { seeded } from '../bench/synthetic.ts';
import { Generator, type Sample, sample } from '../helpers/random-filters.ts';

const CAPTURES = join(packageRoot(), 'captures');
const FILTERS = 20_000;

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
