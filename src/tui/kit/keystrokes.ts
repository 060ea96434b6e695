/**
 * Bytes of a terminal → keys. One read may hold many keys ("jjj", "k\r") or half of one, so this is a decoder with a memory.
 * A key is its character, or a name: Up, PgDn, Enter, Esc, Tab, S-Tab, Backspace, F4, C-d, M-x …
 */

export type Keystroke = { readonly kind: 'key'; readonly key: string } | { readonly kind: 'paste'; readonly text: string };

const FINAL_LETTERS: Readonly<Record<string, string>> = {
  A: 'Up', B: 'Down', C: 'Right', D: 'Left', H: 'Home', F: 'End', Z: 'S-Tab', P: 'F1', Q: 'F2', R: 'F3', S: 'F4',
}; // biome-ignore format: a table
const TILDE_NUMBERS: Readonly<Record<string, string>> = {
  1: 'Home', 2: 'Insert', 3: 'Delete', 4: 'End', 5: 'PgUp', 6: 'PgDn', 7: 'Home', 8: 'End', 11: 'F1', 12: 'F2', 13: 'F3', 14: 'F4',
  15: 'F5', 17: 'F6', 18: 'F7', 19: 'F8', 20: 'F9', 21: 'F10', 23: 'F11', 24: 'F12',
}; // biome-ignore format: a table
const CONTROLS: Readonly<Record<number, string>> = { 8: 'Backspace', 9: 'Tab', 10: 'Enter', 13: 'Enter', 127: 'Backspace' };

const PASTE_START = '\x1b[200~';
const PASTE_END = '\x1b[201~';
/** CSI with its parameters, or SS3: `ESC [ 1 ; 5 C`, `ESC O P`. */
const SEQUENCE = /^\x1b(?:\[(\[?[0-9;?<>=]*)([ -/]*)([@-Z\\-~])|O([@-~]))/;
/** The beginning of one, of which the rest may come with the next read. */
const UNFINISHED = /^\x1b(?:\[\[?[0-9;?<>=]*[ -/]*|O)?$/;

export class KeyDecoder {
  #rest = '';

  /** Keys that the bytes read so far complete. */
  push(chunk: string): Keystroke[] {
    const keys: Keystroke[] = [];
    let text = this.#rest + chunk;
    while (text !== '') {
      const length = this.#take(text, keys);
      if (length === 0) break;
      text = text.slice(length);
    }
    this.#rest = text;
    return keys;
  }

  /** True while an escape character waits for what may follow it. */
  get waiting(): boolean {
    return this.#rest !== '' && !this.#rest.startsWith(PASTE_START);
  }

  /** Nothing followed: the escape character was the key Esc. */
  flush(): Keystroke[] {
    if (!this.waiting) return [];
    const rest = this.#rest.slice(1);
    this.#rest = '';
    return [key('Esc'), ...this.push(rest)];
  }

  /** Decodes what stands first and gives its length; 0: it is not all there yet. */
  #take(text: string, keys: Keystroke[]): number {
    if (text[0] !== '\x1b') return takeCharacter(text, keys);
    if (text.startsWith(PASTE_START)) return takePaste(text, keys);
    const found = SEQUENCE.exec(text);
    if (found !== null) {
      const name = nameOf(found);
      if (name !== null) keys.push(key(name));
      return found[0].length;
    }
    if (UNFINISHED.test(text) || PASTE_START.startsWith(text)) return 0;
    if (text[1] === '\x1b') {
      keys.push(key('Esc'));
      return 1;
    }
    const character = String.fromCodePoint(text.codePointAt(1)!);
    keys.push(key(`M-${character}`));
    return 1 + character.length;
  }
}

function key(name: string): Keystroke {
  return { kind: 'key', key: name };
}

function takeCharacter(text: string, keys: Keystroke[]): number {
  const code = text.codePointAt(0)!;
  const character = String.fromCodePoint(code);
  if (code >= 0x20 && code !== 0x7f) keys.push(key(character));
  else keys.push(key(CONTROLS[code] ?? `C-${String.fromCharCode(code + 0x60)}`));
  return character.length;
}

function takePaste(text: string, keys: Keystroke[]): number {
  const end = text.indexOf(PASTE_END);
  if (end < 0) return 0;
  keys.push({ kind: 'paste', text: text.slice(PASTE_START.length, end) });
  return end + PASTE_END.length;
}

/** A key's name; null for a terminal's answers and keys without one. Modifiers other than shift with Tab are left out. */
function nameOf([, parameters, , final, ss3]: RegExpExecArray): string | null {
  if (ss3 !== undefined) return ss3 === 'M' ? 'Enter' : (FINAL_LETTERS[ss3] ?? null);
  const [first = ''] = parameters!.split(';');
  if (final === '~') return TILDE_NUMBERS[first] ?? null;
  if (parameters!.startsWith('[')) return final! >= 'A' && final! <= 'E' ? `F${final!.charCodeAt(0) - 64}` : null;
  return /^(1;\d+)?$/.test(parameters!) ? (FINAL_LETTERS[final!] ?? null) : null;
}
