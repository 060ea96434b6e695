/** A line that is being typed, in as many cells as there are: it scrolls so that the cursor is seen. */
import type { Line } from '../kit/line-editor.ts';
import type { Paint } from '../kit/paint.ts';
import { cut, harmless, head, widthOf } from '../kit/text.ts';

/** A line of the screen, and the cursor's column in it. */
export interface Drawn {
  readonly text: string;
  readonly cursor: number | null;
}

export interface Typing {
  readonly shown: string;
  /** Column of the cursor in what is shown. */
  readonly cursor: number;
  /** Cells that are out of sight on the left. */
  readonly hidden: number;
}

/** A label and the line that is typed behind it. Where there is little room the label gives way: half of it is for what is typed. */
export function promptLine(label: string, line: Line, columns: number, paint: Paint): Drawn {
  const before = cut(label, Math.floor(columns / 2));
  const used = widthOf(before);
  const { shown, cursor } = typingView(line, columns - used - 1);
  return { text: paint('title', before) + shown, cursor: used + cursor };
}

export function typingView({ text, cursor }: Line, width: number): Typing {
  const before = harmless(text.slice(0, cursor));
  const all = harmless(text);
  const position = widthOf(before);
  const hidden = position < width ? 0 : position - Math.floor(width * 0.75);
  const skipped = head(all, hidden);
  const shown = cut(all.slice(skipped.length), width);
  return { shown, cursor: position - widthOf(skipped), hidden: widthOf(skipped) };
}
