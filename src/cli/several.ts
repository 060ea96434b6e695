/** Several captures where a command takes one: `trowel read a.trowel b.trowel FILTER`. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { LIST } from '../capture/opener.ts';

/** The words of a command line, captures that stand one behind the other made one word. */
export function together(words: readonly string[]): string[] {
  const found: string[] = [];
  words.forEach((word, i) => {
    if (i > 1 && isCapture(word) && isCapture(words[i - 1]!)) found.push(`${found.pop()}${LIST}${word}`);
    else found.push(word);
  });
  return found;
}

const CAPTURE = /\.(trowel|scap)$/;

function isCapture(word: string): boolean {
  return existsSync(word) && (CAPTURE.test(word) || holdsCaptures(word)); // a filter may be longer than any path
}

/** Any other folder is a question's argument: `lens file /etc a.trowel`. */
function holdsCaptures(word: string): boolean {
  return statSync(word).isDirectory() && readdirSync(word).some((name) => CAPTURE.test(name));
}
