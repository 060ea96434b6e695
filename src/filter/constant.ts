/** What a user writes beside an operator → a constant of the field's type, or an error that says what the type takes. */
import ipaddr from 'ipaddr.js';
import type { Field, FieldType } from '../event/fields/field.ts';
import { portOfService, SERVICE_NAMES } from '../model/services.ts';
import { MS, SECOND, US } from '../model/time.ts';
import type { Literal, Span } from './ast.ts';
import { closest, didYouMean, FilterError } from './error.ts';
import { replaced } from './hints.ts';
import { literalBytes } from './literal.ts';
import type { Constant } from './plan.ts';

/** Where a constant stands, for messages. */
export interface ConstantContext {
  readonly text: string;
  /** What the constant is compared with, and the whole check. */
  readonly field?: Field | undefined;
  readonly check?: Span;
}

const SPAN_UNITS: Readonly<Record<string, number>> = { ns: 1, us: US, µs: US, ms: MS, s: SECOND, m: 60 * SECOND, h: 3600 * SECOND };
const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  k: 1024,
  kb: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  gib: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1024 ** 4,
  tib: 1024 ** 4,
};
/** Units as other programs write them. */
const UNITS_ELSEWHERE: Readonly<Record<string, string>> = {
  nsec: 'ns',
  usec: 'us',
  msec: 'ms',
  milli: 'ms',
  millis: 'ms',
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hour: 'h',
  hours: 'h',
  byte: 'b',
  bytes: 'b',
};
const NUMBER = /^(?<number>0[xX][0-9a-fA-F]+|[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)(?<unit>[a-zA-Zµ]*)$/;

/** Parses a literal as a constant of a type. Throws FilterError. */
export function parseConstant(type: FieldType, literal: Literal, context: ConstantContext): Constant {
  switch (type) {
    case 'text':
      return Buffer.from(literalBytes(literal.text)).toString();
    case 'bytes':
      return { hex: Buffer.from(literalBytes(literal.text)).toString('hex') };
    case 'bool':
      return parseBool(literal, context);
    case 'number':
      return parseNumber(literal, context, {}, 'a number, such as 42 or 0x2a');
    case 'span':
      return parseNumber(literal, context, SPAN_UNITS, 'nanoseconds, or a time with its unit: 250us, 1ms, 2.5s, 5m');
    case 'size':
      return parseNumber(literal, context, SIZE_UNITS, 'bytes, or a size with its unit: 512, 10KB, 4MB');
    case 'port':
      return parsePort(literal, context);
    case 'walltime':
      return parseWallTime(literal, context);
    case 'ip':
      return parseIp(literal, context);
    case 'net':
      return parseNet(literal, context);
  }
}

/** The bytes that `bcontains 0a6c` means. Throws FilterError for what is not pairs of hex digits. */
export function parseHex(literal: Literal, context: ConstantContext): Constant {
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(literal.text)) {
    fail(literal, context, `'${literal.text}' is not hexadecimal`, 'expected pairs of hex digits, such as 0a6c6f63');
  }
  return { hex: literal.text.toLowerCase() };
}

function parseBool(literal: Literal, context: ConstantContext): boolean {
  if (/^(true|1)$/.test(literal.text)) return true;
  if (/^(false|0)$/.test(literal.text)) return false;
  const meant = /^(yes|y|on|t|true)$/i.test(literal.text) ? 'true' : /^(no|n|off|f|false)$/i.test(literal.text) ? 'false' : null;
  fail(literal, context, `'${literal.text}' is not true or false`, 'expected true or false', meant);
}

function parseNumber(literal: Literal, context: ConstantContext, units: Readonly<Record<string, number>>, expected: string): number {
  const found = NUMBER.exec(literal.text.trim())?.groups;
  if (found === undefined) fail(literal, context, `'${literal.text}' is not a number`, `expected ${expected}`);
  const unit = found.unit!;
  const scale = unit === '' ? 1 : (units[unit] ?? units[unit.toLowerCase()]);
  if (scale === undefined) wrongUnit(literal, context, units, unit, `expected ${expected}`);
  return finite(Number(found.number) * scale);
}

/** No value of an event is that large, and JSON has no infinity. */
function finite(number: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, number));
}

function wrongUnit(
  literal: Literal,
  context: ConstantContext,
  units: Readonly<Record<string, number>>,
  unit: string,
  expected: string,
): never {
  const number = literal.text.slice(0, -unit.length);
  if (Object.keys(units).length === 0)
    fail(literal, context, `${context.field?.name ?? 'this'} takes numbers without a unit`, expected, number);
  const meant = UNITS_ELSEWHERE[unit.toLowerCase()];
  const kind = units === SPAN_UNITS ? 'time' : 'size';
  fail(literal, context, `'${unit}' is no unit of ${kind}`, expected, meant !== undefined && meant in units ? number + meant : null);
}

function parsePort(literal: Literal, context: ConstantContext): number {
  const port = /^[0-9]+$/.test(literal.text) ? Number(literal.text) : portOfService(literal.text);
  if (port !== null && port <= 65535) return port;
  const { text } = literal;
  const withProtocol = /^([0-9]+)\/(tcp|udp)$/.exec(text);
  if (withProtocol !== null) {
    const [, number, protocol] = withProtocol;
    failWhole(literal, context, `'${text}' is not a port`, 'the protocol is a field of its own', `${number} and fd.l4proto=${protocol}`);
  }
  const hint = didYouMean(text, SERVICE_NAMES) || 'expected a number up to 65535, or a service such as http or dns';
  fail(literal, context, `'${text}' is not a port`, hint, closest(text, SERVICE_NAMES));
}

/** ns since 1970, or a date. */
function parseWallTime(literal: Literal, context: ConstantContext): Constant {
  const { text } = literal;
  if (/^[0-9]+$/.test(text)) return { wallNs: BigInt(text).toString() };
  const fraction = /\.([0-9]{1,9})/.exec(text);
  const date = Date.parse(text.replace(/\.[0-9]+/, ''));
  if (Number.isNaN(date)) fail(literal, context, `'${text}' is not a time`, 'expected ns since 1970, or a date: "2026-11-20T15:41:39.5Z"');
  const nanos = fraction === null ? 0n : BigInt(fraction[1]!.padEnd(9, '0'));
  return { wallNs: (BigInt(date) * 1_000_000n + nanos).toString() };
}

function parseIp(literal: Literal, context: ConstantContext): string {
  const { text } = literal;
  if (ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)) return ipaddr.process(text).toString();
  const message = `'${text}' is not an IP address`;
  const companions = context.field?.companions;
  const [, address, port] = /^([0-9.]+):([0-9]+)$/.exec(text) ?? [];
  if (companions !== undefined && text.includes('/'))
    failWhole(literal, context, message, 'a network has a field of its own', text, companions.net);
  if (companions !== undefined && address !== undefined) {
    failWhole(literal, context, message, 'a port has a field of its own', `${address} and ${companions.port}=${port}`);
  }
  const named = companions !== undefined && /^[a-z][\w.-]*$/i.test(text) ? '; for names there are fd.sip.name and dns.qname' : '';
  fail(literal, context, message, `expected an address, such as 10.0.0.1 or fe80::1${named}`);
}

function parseNet(literal: Literal, context: ConstantContext): Constant {
  const { text } = literal;
  const [address, prefix] = text.split('/') as [string, string | undefined];
  const valid = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  if (!valid)
    fail(literal, context, `'${text}' is not a network`, 'expected an address and a prefix, such as 10.0.0.0/8', starsAsPrefix(text));
  const base = ipaddr.parse(address);
  const widest = base.kind() === 'ipv4' ? 32 : 128;
  const bits = prefix === undefined ? widest : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : widest + 1;
  if (bits > widest) fail(literal, context, `'/${prefix}' is not a prefix length`, `expected 0 to ${widest}`);
  return { net: address, bits };
}

/** `10.0.*.*` → `10.0.0.0/16` */
function starsAsPrefix(text: string): string | null {
  const numbers = /^((?:[0-9]{1,3}\.)+)(?:\*\.?)+$/
    .exec(text)?.[1]
    ?.split('.')
    .filter((part) => part !== '');
  if (numbers === undefined || numbers.length > 3) return null;
  return `${[...numbers, '0', '0', '0'].slice(0, 4).join('.')}/${numbers.length * 8}`;
}

/** `meant`: what stands in the literal's place in the filter as it should be. */
function fail(literal: Literal, context: ConstantContext, message: string, hint: string, meant: string | null = null): never {
  throw new FilterError(message, context.text, literal, hint, meant === null ? null : replaced(context.text, literal, meant));
}

/** The whole check should be another: `field=meant`, where it is a simple one. */
function failWhole(
  literal: Literal,
  context: ConstantContext,
  message: string,
  hint: string,
  meant: string,
  field = context.field?.name ?? '',
): never {
  const { check, text } = context;
  const simple = check !== undefined && /^[\w.]+\s*==?\s*[^\s(),"']+$/.test(text.slice(check.start, check.end));
  throw new FilterError(message, text, literal, hint, simple ? replaced(text, check, `${field}=${meant}`) : null);
}
