/** What a named filter or list is. */

/** Names, each with the text of a filter, or of a bracketed list. */
export type Definitions = ReadonlyMap<string, string>;

/** A file or an option that defines nothing. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
}
