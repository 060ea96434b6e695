/** Several captures where a command takes one: `trowel read a.trowel b.trowel FILTER`. */
import { existsSync, statSync } from 'node:fs';
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

function isCapture(word: string): boolean {
  return existsSync(word) && (/\.(trowel|scap)$/.test(word) || statSync(word).isDirectory()); // a filter may be longer than any path
}
