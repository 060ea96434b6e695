/** One line of text with a cursor. The cursor counts UTF-16 units and stands between characters. */

export interface Line {
  readonly text: string;
  readonly cursor: number;
}

export function lineOf(text: string): Line {
  return { text, cursor: text.length };
}

/** Puts text at the cursor; line breaks and other controls become blanks. */
export function insert({ text, cursor }: Line, added: string): Line {
  const clean = added.replace(/[\x00-\x1f\x7f]+/g, ' ');
  return { text: text.slice(0, cursor) + clean + text.slice(cursor), cursor: cursor + clean.length };
}

/** Replaces a span, the cursor behind it. */
export function replace({ text }: Line, start: number, end: number, by: string): Line {
  return { text: text.slice(0, start) + by + text.slice(end), cursor: start + by.length };
}

/** The line after an editing key (those of readline, as far as people use them blindly); null: the key edits nothing. */
export function edit(line: Line, key: string): Line | null {
  const { text, cursor } = line;
  switch (key) {
    case 'Left':
    case 'C-b':
      return { text, cursor: before(text, cursor) };
    case 'Right':
    case 'C-f':
      return { text, cursor: after(text, cursor) };
    case 'Home':
    case 'C-a':
      return { text, cursor: 0 };
    case 'End':
    case 'C-e':
      return { text, cursor: text.length };
    case 'Backspace':
      return replace(line, before(text, cursor), cursor, '');
    case 'Delete':
    case 'C-d':
      return { ...replace(line, cursor, after(text, cursor), ''), cursor };
    case 'C-w':
    case 'M-\x7f':
      return replace(line, wordStart(text, cursor), cursor, '');
    case 'C-u':
      return replace(line, 0, cursor, '');
    case 'C-k':
      return replace(line, cursor, text.length, '');
    case 'M-b':
      return { text, cursor: wordStart(text, cursor) };
    case 'M-f':
      return { text, cursor: wordEnd(text, cursor) };
    default:
      return [...key].length === 1 ? insert(line, key) : null;
  }
}

function before(text: string, cursor: number): number {
  const code = text.charCodeAt(cursor - 1);
  return Math.max(0, cursor - (code >= 0xdc00 && code <= 0xdfff ? 2 : 1));
}

function after(text: string, cursor: number): number {
  const code = text.charCodeAt(cursor);
  return Math.min(text.length, cursor + (code >= 0xd800 && code <= 0xdbff ? 2 : 1));
}

function wordStart(text: string, cursor: number): number {
  return /\S*\s*$/.exec(text.slice(0, cursor))!.index;
}

function wordEnd(text: string, cursor: number): number {
  return cursor + /^\s*\S*/.exec(text.slice(cursor))![0].length;
}
