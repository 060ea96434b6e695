/** What stands for a value: a bare word, a number, or a text in quotes. */
import type { Literal } from './ast.ts';
import { noEscape, noListValue, noNumber, noValue, unclosedText } from './diagnose.ts';
import { byteAsText, unescapeHex } from './literal.ts';
import type { Scanner } from './scanner.ts';

const NUMBER = /(?:0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?)(?:[a-zA-Zµ]+)?/y;
const BARE_TEXT = /[^()"'\s=,]+/y;

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '\\': '\\' };

/** Takes the value of an operator that wants a number. Throws FilterError where none stands. */
export function takeOrderValue(scanner: Scanner, operator: string): Literal {
  const start = scanner.at;
  const value = scanner.attempt(() => takeQuotedNumber(scanner)) ?? takeNumber(scanner);
  if (value === null || /[\w.:/-]/.test(scanner.next ?? '')) throw noNumber(scanner.text, operator, start);
  return value;
}

/** Takes the value of any other operator. Throws FilterError where none stands. */
export function takeTextValue(scanner: Scanner, operator: string): Literal {
  const value = takeQuoted(scanner) ?? takeBare(scanner);
  if (value === null) throw noValue(scanner.text, operator, scanner.at);
  return value;
}

/** Takes a value of a list. Throws FilterError where none stands. */
export function takeListValue(scanner: Scanner): Literal {
  const value = takeQuoted(scanner) ?? takeBare(scanner);
  if (value === null) throw noListValue(scanner.text, scanner.at);
  return value;
}

export function takeNumber(scanner: Scanner): Literal | null {
  const start = scanner.at;
  const text = scanner.match(NUMBER);
  return text === null ? null : { kind: 'literal', text, quoted: false, ...scanner.span(start) };
}

function takeBare(scanner: Scanner): Literal | null {
  const start = scanner.at;
  const text = scanner.match(BARE_TEXT);
  return text === null ? null : { kind: 'literal', text: unescapeHex(text), quoted: false, ...scanner.span(start) };
}

/** A number written in quotes, as shells and JSON produce them. */
function takeQuotedNumber(scanner: Scanner): Literal | null {
  const value = takeQuoted(scanner);
  return value !== null && /^\s*(0[xX][0-9a-fA-F]+|[+-]?[0-9])/.test(value.text) ? value : null;
}

/** Takes a text in quotes; null: none begins here. Throws FilterError for one that does not end. */
export function takeQuoted(scanner: Scanner): Literal | null {
  const { at: start, next: quote, text: whole } = scanner;
  if (quote !== '"' && quote !== "'") return null;
  let text = '';
  for (let i = start + 1; i < whole.length; i++) {
    const char = whole[i]!;
    if (char === quote) {
      scanner.at = i + 1;
      return { kind: 'literal', text, quoted: true, ...scanner.span(start) };
    }
    if (char !== '\\') text += char;
    else {
      const { value, length } = escapeAt(whole, i, quote);
      text += value;
      i += length;
    }
  }
  throw unclosedText(whole, start, quote);
}

/** The escape whose backslash is at i, and how many characters follow that backslash. */
function escapeAt(whole: string, i: number, quote: string): { readonly value: string; readonly length: number } {
  const next = whole[i + 1] ?? '';
  const simple = next === quote ? quote : ESCAPES[next];
  if (simple !== undefined) return { value: simple, length: 1 };
  const hex = /^x([0-9a-fA-F]{2})/.exec(whole.slice(i + 1, i + 4));
  if (hex !== null) return { value: byteAsText(hex[1]!), length: 3 };
  if (next === '"' || next === "'") throw noEscape(whole, i, quote);
  return { value: '\\', length: 0 };
}
