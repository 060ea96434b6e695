import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { countText, cut, cutMiddle, fitted, harmless, head, wrap } from '../../src/tui/kit/text.ts';
import { HOSTILE } from './scene.ts';

const wild = fc.string({ unit: 'binary', maxLength: 60 }).map(harmless);

describe('texts in cells', () => {
  test.each([
    ['abc', 5, 'abc  '],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日… '],
    ['', 3, '   '],
    ['abc', 0, ''],
  ])('%s in %i cells is "%s"', (text, width, expected) => {
    expect(fitted(text, width)).toBe(expected);
  });

  test('numbers go to the right', () => {
    expect(fitted('9 ns', 8, 'right')).toBe('    9 ns');
  });

  test('a name that is cut in its middle shows more of its end', () => {
    expect(cutMiddle('backend.critical-app.svc.cluster.local.localdomain', 24)).toBe('backend.…cal.localdomain');
  });

  test('any text takes exactly the cells it is given', () => {
    fc.assert(
      fc.property(wild, fc.nat(40), (text, width) => {
        expect(stringWidth(fitted(text, width))).toBe(width);
        expect(stringWidth(cut(text, width))).toBeLessThanOrEqual(width);
        expect(stringWidth(cutMiddle(text, width))).toBeLessThanOrEqual(width);
        expect(stringWidth(head(text, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('wrapping loses nothing but blanks', () => {
    fc.assert(
      fc.property(wild, fc.integer({ min: 2, max: 30 }), (text, width) => {
        const lines = wrap(text, width);
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
      }),
    );
  });

  test('nothing that a terminal obeys, and nothing it may count otherwise, is left in a harmless text', () => {
    expect(harmless(HOSTILE)).toBe('␛[2J␛[H␛]0;owned␇␛]52;c;b3duZWQ=␇·evil·31m');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(harmless(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [10_000_000, '10,000,000'],
  ])('%i is written %s', (n, text) => {
    expect(countText(n)).toBe(text);
  });
});
