/** What a file's container events say, in JSON. */
import { textOf, untilNul } from './bytes.ts';
import type { Params } from './params.ts';

export interface ContainerNote {
  /** First 12 characters of its id. */
  readonly id: string;
  readonly ip: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Null: no JSON, or of another shape. */
export function readContainer(raw: Uint8Array): ContainerNote | null {
  const parsed = parseJson(textOf(untilNul(raw)));
  const container = isRecord(parsed) ? parsed.container : null;
  if (!isRecord(container) || typeof container.id !== 'string') return null;
  const ip = typeof container.ip === 'string' && container.ip !== '0.0.0.0' ? container.ip : '';
  return { id: container.id, ip, json: container };
}

/** What the first kind of event says: id, type, name, image. */
export function containerOfParams(params: Params): ContainerNote | null {
  const id = params.text(0);
  if (id === null || id === '') return null;
  return { id: id.slice(0, SHORT), ip: '', json: { type: params.uint(1) ?? 0, name: params.text(2) ?? '', image: params.text(3) ?? '' } };
}

const SHORT = 12;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined: not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
