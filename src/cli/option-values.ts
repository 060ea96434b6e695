/** What the words after an option become. */
import { InvalidArgumentError } from 'commander';

export function repeated(text: string, all: string[] = []): string[] {
  return [...all, text];
}

export function count(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}
