/** A choice of one out of a few lines. */
import { SMALLEST } from './frame/areas.ts';
import type { Frame } from './frame/view.ts';
import type { Paint } from './kit/paint.ts';
import type { Size } from './kit/terminal.ts';
import { cut, fitted, harmless } from './kit/text.ts';

export interface Choice {
  readonly text: string;
  /** What stands beside it: the command that does the same. */
  readonly beside: string;
  /** Why it cannot be chosen; null: it can. */
  readonly off: string | null;
}

export interface PickerState {
  readonly title: string;
  readonly choices: readonly Choice[];
  readonly selected: number;
  readonly notice: string;
  readonly size: Size;
}

/** What a key leads to: another state, the choice that was made, or leaving. */
export type PickerStep = { readonly state: PickerState } | { readonly chosen: number | null };

export function pickerKey(state: PickerState, key: string): PickerStep {
  const { choices, selected } = state;
  const to = (index: number): PickerStep => ({
    state: { ...state, notice: '', selected: Math.max(0, Math.min(choices.length - 1, index)) },
  });
  switch (key) {
    case 'Down':
    case 'j':
    case 'Tab':
      return to(selected + 1);
    case 'Up':
    case 'k':
      return to(selected - 1);
    case 'Home':
    case 'g':
      return to(0);
    case 'End':
    case 'G':
      return to(choices.length - 1);
    case 'Enter': {
      const off = choices[selected]?.off ?? null;
      return off === null ? { chosen: selected } : { state: { ...state, notice: off } };
    }
    case 'q':
    case 'Esc':
    case 'C-c':
      return { chosen: null };
    default:
      return { state };
  }
}

/** As many lines as the terminal has. */
export function pickerView({ title, choices, selected, notice, size }: PickerState, paint: Paint): Frame {
  const { columns, rows } = size;
  if (columns < SMALLEST.columns || rows < SMALLEST.rows)
    return { lines: Array.from({ length: rows }, (_, i) => (i === 0 ? cut(title, columns) : '')), cursor: null };
  const height = rows - 5;
  const top = Math.max(0, Math.min(selected - (height >> 1), choices.length - height));
  const shown = choices.slice(top, top + height).map((choice, i) => choiceLine(choice, top + i === selected, columns, paint));
  const lines = ['', paint('title', cut(` ${title}`, columns)), '', ...shown];
  while (lines.length < rows - 1) lines.push('');
  const bottom =
    notice === ''
      ? ` ${paint('title', '↑↓')} choose  ${paint('title', 'Enter')} go  ${paint('title', 'q')} quit`
      : paint('warn', cut(` ${notice}`, columns));
  return { lines: [...lines, bottom], cursor: null };
}

function choiceLine({ text, beside, off }: Choice, selected: boolean, columns: number, paint: Paint): string {
  const width = Math.floor((columns - 4) * 0.6);
  const line = ` ${selected ? '▸' : ' '} ${fitted(harmless(text), width)} ${cut(harmless(beside), columns - width - 4)}`;
  if (selected) return paint('inverse', fitted(line, columns));
  return off === null ? line : paint('dim', line);
}
