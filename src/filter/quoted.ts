import type { Literal } from './ast.ts';
import { noEscape, unclosedText } from './diagnose.ts';
import { byteAsText } from './literal.ts';
import type { Scanner } from './scanner.ts';

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '\\': '\\' };

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
