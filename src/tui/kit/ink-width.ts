/** Takes the place of string-width in what Ink brings along (scripts/bundle.mjs): our own lines are measured without a look at each letter. */
import stringWidth, { type Options } from 'string-width';
import { widthOfPainted } from './text.ts';

export default function width(text: string, options?: Options): number {
  return options === undefined ? widthOfPainted(text) : stringWidth(text, options);
}
