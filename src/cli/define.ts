/** Reads `--define` and `--defines`. Loaded only where one is given: Falco's files take a YAML library. */
import { readFileSync } from 'node:fs';
import { DefinitionError } from '../filter/definition.ts';
import { parseDefinition, parseDefinitions } from '../filter/definitions.ts';
import { definitions, setDefinitions } from './definitions.ts';
import { UsageError } from './exit.ts';

/** `text`: NAME=FILTER, or a file of definitions, ours or Falco's; later ones add to earlier ones. */
export interface Given {
  readonly kind: 'define' | 'defines';
  readonly text: string;
}

/** Throws UsageError. */
export function defineAll(given: readonly Given[]): void {
  try {
    for (const one of given) defineOne(one);
  } catch (error) {
    if (error instanceof DefinitionError || (error as NodeJS.ErrnoException).code !== undefined)
      throw new UsageError((error as Error).message);
    throw error;
  }
}

function defineOne({ kind, text }: Given): void {
  const before = definitions();
  setDefinitions(
    kind === 'define' ? new Map([...before, parseDefinition(text)]) : parseDefinitions(readFileSync(text, 'utf8'), text, before),
  );
}
