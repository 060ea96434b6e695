/** Transformers: what they take, what they give, and how. */

import type { FieldType, Reading, Value } from '../event/fields/field.ts';
import type { Transformer } from './ast.ts';

export interface TransformerSpec {
  readonly args: readonly [least: number, most: number];
  readonly type: FieldType;
  readonly example: string;
  apply(args: readonly Reading[], option: string): Reading;
}

export const TRANSFORMER_SPECS: Readonly<Record<Transformer, TransformerSpec>> = {
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

/** The values of a reading; null: there is none. */
export function toValues(reading: Reading): Value[] | null {
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
