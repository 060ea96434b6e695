/** What `--define` and `--defines` say: named filters and lists for every filter of this command. */
import type { Definitions } from '../filter/definition.ts';

let found: Definitions = new Map();

export function definitions(): Definitions {
  return found;
}

export function setDefinitions(all: Definitions): void {
  found = all;
}
