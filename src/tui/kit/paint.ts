/** Colours and attributes, by what they mean. Meaning is never in a colour alone: each goes with a word, a mark or a place. */

const STYLES = {
  title: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  underline: [4, 24],
  bad: [31, 39],
  warn: [33, 39],
  good: [32, 39],
  name: [36, 39],
  first: [35, 39],
  second: [94, 39],
  third: [32, 39],
  fourth: [36, 39],
} as const;

export type Style = keyof typeof STYLES;

/** Puts a style around a text that holds no reset of its own. */
export type Paint = (style: Style, text: string) => string;

const isColour = (code: number) => (code >= 30 && code <= 39) || code >= 90;

/** `colour` false (NO_COLOR): attributes stay, colours go. */
export function painter(colour: boolean): Paint {
  return (style, text) => {
    const [on, off] = STYLES[style];
    return text === '' || (!colour && isColour(on)) ? text : `\x1b[${on}m${text}\x1b[${off}m`;
  };
}
