/** Values out of JSON that somebody else wrote: what is not of the shape that was asked for is empty. */
export type Json = Readonly<Record<string, unknown>>;

export function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

export function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function records(value: unknown): Json[] {
  return list(value).map(record);
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).map(([key, one]) => [key, text(one)]));
}
