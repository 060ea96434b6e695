import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WordFinder } from '../../src/tui/data/word-finder.ts';

test('a word is found where a look at every place finds it, in capitals and small letters', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'B', 'b', '.', 'Z', '['), maxLength: 60 });
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'z'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(letters, word, fc.nat(60), (text, wanted, from) => {
      const end = Math.max(0, text.length - 3); // what lies beyond is of another column
      expect(new WordFinder(wanted).next(Buffer.from(text), from, end)).toBe(text.slice(0, end).toLowerCase().indexOf(wanted, from));
    }),
    {
      numRuns: 500,
      examples: [
        ['', 'a', 0],
        ['aaaaaaa', 'aa', 9],
      ],
    },
  );
});
