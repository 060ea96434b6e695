import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyDecoder, type Keystroke } from '../../src/tui/kit/keystrokes.ts';

const names = (keys: readonly Keystroke[]) => keys.map((key) => (key.kind === 'key' ? key.key : `paste:${key.text}`));

const SEQUENCES: readonly (readonly [string, string[]])[] = [
  ['jjj', ['j', 'j', 'j']],
  ['k\r', ['k', 'Enter']],
  ['\x1b[A\x1b[B\x1bOC\x1b[D', ['Up', 'Down', 'Right', 'Left']],
  ['\x1b[5~\x1b[6~\x1b[H\x1b[4~', ['PgUp', 'PgDn', 'Home', 'End']],
  ['\x1bOP\x1b[14~\x1b[[D\x1b[21~', ['F1', 'F4', 'F4', 'F10']],
  ['\x1b[1;5C\x1b[Z', ['Right', 'S-Tab']],
  ['\t\x7f\b\x03\x1a', ['Tab', 'Backspace', 'Backspace', 'C-c', 'C-z']],
  ['\x1bb', ['M-b']],
  ['é日😀', ['é', '日', '😀']],
  ['\x1b[200~a\nb\x1b[201~x', ['paste:a\nb', 'x']],
  // answers of terminals: focus, cursor position, device attributes, mouse
  ['\x1b[I\x1b[12;40R\x1b[?62;22c\x1b[<0;1;1Mj', ['j']],
];

describe('keys', () => {
  test.each(SEQUENCES)('%j is %j', (bytes, expected) => {
    expect(names(new KeyDecoder().push(bytes))).toEqual(expected);
  });

  test('the same keys come out however the bytes are torn apart', () => {
    const all = SEQUENCES.map(([bytes]) => bytes).join('');
    const expected = SEQUENCES.flatMap(([, keys]) => keys);
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 12 }), (cuts) => {
        const decoder = new KeyDecoder();
        const at = [0, ...cuts.filter((cut) => !splitsPair(all, cut)).sort((a, b) => a - b), all.length];
        expect(at.slice(1).flatMap((end, i) => names(decoder.push(all.slice(at[i], end))))).toEqual(expected);
      }),
    );
  });

  test('an escape character is the key Esc when nothing follows it', () => {
    const decoder = new KeyDecoder();
    expect(decoder.push('\x1b')).toEqual([]);
    expect(decoder.waiting).toBe(true);
    expect(names(decoder.flush())).toEqual(['Esc']);
    expect(decoder.waiting).toBe(false);
    expect(names(decoder.push('\x1b\x1b[A'))).toEqual(['Esc', 'Up']);
  });

  test('whatever bytes come, none of them makes it stop', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (chunks) => {
        const decoder = new KeyDecoder();
        for (const chunk of chunks) decoder.push(chunk);
        decoder.flush();
        decoder.push('\x1b[201~');
        expect(names(decoder.push('q')).at(-1)).toBe('q');
      }),
    );
  });
});

/** Streams decode UTF-8 first, so that a pair of surrogates never comes apart. */
function splitsPair(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
