/** Random filters over a real capture: their constants occur in it, or nearly. */
import { type Field, type Reading, readMatchValue, type Value } from '../../src/event/fields/field.ts';
import { FIELDS } from '../../src/event/fields/index.ts';
import { EventView } from '../../src/event/view.ts';
import { OPERATORS } from '../../src/filter/check.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { seeded } from '../bench/synthetic.ts';

/** Events of each capture that are looked at. */
const EVENTS = 60;

/** Events picked from all over a capture, with what every field reads on them. */
export interface Sample {
  readonly capture: CaptureReader;
  readonly nums: readonly number[];
  /** By field and event: what it reads. */
  readonly readings: ReadonlyMap<Field, readonly Reading[]>;
}

export function sample(path: string): Sample {
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
export class Generator {
  readonly #fields: readonly Field[];

  /** `fields`: those to choose from; absent: all that filters take. */
  constructor(
    readonly random: () => number,
    readonly sample: Sample,
    fields: readonly Field[] = FIELDS,
  ) {
    this.#fields = fields.filter(({ only }) => only !== 'print');
  }

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
    const field = this.pick(this.#fields);
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
