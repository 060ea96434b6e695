import { describe, expect, test } from 'vitest';
import { edit, insert, type Line, lineOf } from '../../src/tui/kit/line-editor.ts';

/** `ab|c`: the bar is the cursor. */
const parse = (text: string): Line => ({ text: text.replace('|', ''), cursor: text.indexOf('|') });
const show = ({ text, cursor }: Line) => `${text.slice(0, cursor)}|${text.slice(cursor)}`;

describe('a line that is typed', () => {
  test.each([
    ['ab|c', 'x', 'abx|c'],
    ['ab|c', ' ', 'ab |c'],
    ['ab|c', 'Backspace', 'a|c'],
    ['|abc', 'Backspace', '|abc'],
    ['ab|c', 'Delete', 'ab|'],
    ['abc|', 'Delete', 'abc|'],
    ['a😀|b', 'Backspace', 'a|b'],
    ['a|😀b', 'Right', 'a😀|b'],
    ['a😀|b', 'Left', 'a|😀b'],
    ['ab|c', 'Home', '|abc'],
    ['ab|c', 'C-e', 'abc|'],
    ['one two |', 'C-w', 'one |'],
    ['one two|', 'C-w', 'one |'],
    ['one t|wo', 'C-u', '|wo'],
    ['one t|wo', 'C-k', 'one t|'],
    ['one |two', 'M-b', '|one two'],
    ['|one two', 'M-f', 'one| two'],
  ])('%s and %s give %s', (before, key, after) => {
    expect(show(edit(parse(before), key)!)).toBe(after);
  });

  test.each(['F5', 'PgUp', 'M-x', 'C-t'])('%s edits nothing', (key) => {
    expect(edit(lineOf('abc'), key)).toBeNull();
  });

  test('pasted line breaks become blanks', () => {
    expect(show(insert(parse('a|d'), 'b\n\tc'))).toBe('ab c|d');
  });
});
