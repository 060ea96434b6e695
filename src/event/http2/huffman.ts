/** HPACK's code for texts (RFC 7541, appendix B): canonical, so that the lengths of its words say all. */

/** Bits of each byte's word. */
// biome-ignore format: a table
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
const LONGEST = 30;
/** Fewer bits than this, all ones, fill the last byte. */
const BYTE = 8;

/** Words of one length follow each other: the first of them, and the bytes that they stand for. */
interface Words {
  readonly first: number;
  readonly bytes: readonly number[];
}

const WORDS: readonly Words[] = canonical();

function canonical(): Words[] {
  const words: Words[] = [{ first: 0, bytes: [] }];
  for (let length = 1; length <= LONGEST; length++) {
    const { first, bytes } = words[length - 1]!;
    const own = LENGTHS.flatMap((one, byte) => (one === length ? [byte] : []));
    words.push({ first: (first + bytes.length) * 2, bytes: own });
  }
  return words;
}

/** The text of such bytes, as latin1; null: they are no words of the code. */
export function huffmanText(coded: Uint8Array): string | null {
  let text = '';
  let word = 0;
  let length = 0;
  for (const byte of coded) {
    for (let bit = BYTE - 1; bit >= 0; bit--) {
      word = (word << 1) | ((byte >> bit) & 1);
      const { first, bytes } = WORDS[++length]!;
      const found = bytes[word - first];
      if (found !== undefined) {
        text += String.fromCharCode(found);
        word = 0;
        length = 0;
      } else if (length === LONGEST) return null; // the code's own end, which no text has
    }
  }
  return length < BYTE && word === 2 ** length - 1 ? text : null;
}
