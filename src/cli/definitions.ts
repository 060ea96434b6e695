/** What `--define` and `--defines` say: named filters and lists for every filter of this command. */
import { readFileSync } from 'node:fs';
import { DefinitionError, parseDefinition, parseDefinitions } from '../filter/definitions.ts';
import { UsageError } from './exit.ts';

const found = new Map<string, string>();

export function definitions(): ReadonlyMap<string, string> {
  return found;
}

/** Those of another thread of the same command. */
export function setDefinitions(entries: Iterable<readonly [string, string]>): void {
  for (const [name, body] of entries) found.set(name, body);
}

/** `NAME=FILTER`. Throws UsageError. */
export function define(text: string): void {
  asUsage(() => found.set(...parseDefinition(text)));
}

/** A file of definitions, ours or Falco's. Throws UsageError. */
export function defineFrom(path: string): void {
  asUsage(() => {
    for (const [name, body] of parseDefinitions(readFileSync(path, 'utf8'), path)) found.set(name, body);
  });
}

function asUsage(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof DefinitionError || (error as NodeJS.ErrnoException).code !== undefined)
      throw new UsageError((error as Error).message);
    throw error;
  }
}
