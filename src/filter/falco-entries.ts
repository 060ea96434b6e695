/** What entries of Falco's files have in common. */
import { written } from './literal.ts';

export type Entry = Readonly<Record<string, unknown>>;

export function isEntry(entry: unknown): entry is Entry {
  return typeof entry === 'object' && entry !== null;
}

/** Quotes within the YAML are the filter's: `'"10.0.0.0/8"'`. What stands in none may be another list's name. */
export function itemText(item: unknown): string {
  const text = String(item);
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  return quoted === null ? written(text) : `"${quoted[2]!.replace(/["\\]/g, '\\$&')}"`;
}
