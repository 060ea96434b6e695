/** What a user writes beside an operator → a value of the field's type, or an error that says what the type takes. */
import ipaddr from 'ipaddr.js';
import { portOfService } from '../model/services.ts';
import { MS, SECOND, US } from '../model/time.ts';
import type { Literal } from './ast.ts';
import { FilterError } from './error.ts';
import type { FieldType, Value } from './field.ts';
import { literalBytes } from './parse.ts';

/** A network: a test of one address in text form. */
export type NetTest = (address: string) => boolean;
export type Constant = Value | NetTest;

/** What constants depend on: where the filter stands in messages, and the capture's time zero. */
export interface ConstantContext {
  readonly text: string;
  readonly epoch: bigint;
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
};
const NUMBER = /^(?<number>0[xX][0-9a-fA-F]+|[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)(?<unit>[a-zA-Zµ]*)$/;

/** Parses a literal as a constant of a type. Throws FilterError. */
export function parseConstant(type: FieldType, literal: Literal, context: ConstantContext): Constant {
  switch (type) {
    case 'text':
      return Buffer.from(literalBytes(literal.text)).toString();
    case 'bytes':
      return literalBytes(literal.text);
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
export function parseHex(literal: Literal, context: ConstantContext): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(literal.text)) {
    fail(literal, context, `'${literal.text}' is not hexadecimal`, 'pairs of hex digits, such as 0a6c6f63');
  }
  return Buffer.from(literal.text, 'hex');
}

function parseBool(literal: Literal, context: ConstantContext): boolean {
  if (/^(true|1)$/.test(literal.text)) return true;
  if (/^(false|0)$/.test(literal.text)) return false;
  fail(literal, context, `'${literal.text}' is not true or false`, 'true or false');
}

function parseNumber(literal: Literal, context: ConstantContext, units: Readonly<Record<string, number>>, expected: string): number {
  const found = NUMBER.exec(literal.text.trim())?.groups;
  if (found === undefined) fail(literal, context, `'${literal.text}' is not a number`, expected);
  const unit = found.unit!;
  const scale = unit === '' ? 1 : (units[unit] ?? units[unit.toLowerCase()]);
  if (scale === undefined) fail(literal, context, `'${literal.text}' has an unknown unit`, expected);
  return Number(found.number) * scale;
}

function parsePort(literal: Literal, context: ConstantContext): number {
  const port = /^[0-9]+$/.test(literal.text) ? Number(literal.text) : portOfService(literal.text);
  if (port === null || port > 65535)
    fail(literal, context, `'${literal.text}' is not a port`, 'a number up to 65535, or a service such as http or dns');
  return port;
}

/** ns since 1970, or a date; as ns since the capture's start. */
function parseWallTime(literal: Literal, context: ConstantContext): number {
  const { text } = literal;
  if (/^[0-9]+$/.test(text)) return Number(BigInt(text) - context.epoch);
  const fraction = /\.([0-9]{1,9})/.exec(text);
  const date = Date.parse(text.replace(/\.[0-9]+/, ''));
  if (Number.isNaN(date)) fail(literal, context, `'${text}' is not a time`, 'ns since 1970, or a date: "2026-11-20T15:41:39.5Z"');
  const nanos = fraction === null ? 0n : BigInt(fraction[1]!.padEnd(9, '0'));
  return Number(BigInt(date) * 1_000_000n + nanos - context.epoch);
}

function parseIp(literal: Literal, context: ConstantContext): string {
  const { text } = literal;
  if (ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)) return ipaddr.process(text).toString();
  const hint = text.includes('/')
    ? 'for networks there are fd.net, fd.cnet, fd.snet, fd.lnet, fd.rnet'
    : 'an address, such as 10.0.0.1 or fe80::1';
  fail(literal, context, `'${text}' is not an IP address`, hint);
}

function parseNet(literal: Literal, context: ConstantContext): NetTest {
  const { text } = literal;
  const [address, prefix] = text.split('/') as [string, string | undefined];
  const valid = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  if (!valid) fail(literal, context, `'${text}' is not a network`, 'an address and a prefix, such as 10.0.0.0/8');
  const base = ipaddr.parse(address);
  const widest = base.kind() === 'ipv4' ? 32 : 128;
  const bits = prefix === undefined ? widest : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : widest + 1;
  if (bits > widest) fail(literal, context, `'/${prefix}' is not a prefix length`, `0 to ${widest}`);
  return (candidate) => {
    const parsed = ipaddr.parse(candidate);
    return parsed.kind() === base.kind() && parsed.match(base, bits);
  };
}

function fail(literal: Literal, context: ConstantContext, message: string, expected: string): never {
  throw new FilterError(message, context.text, literal, `expected ${expected}`);
}
