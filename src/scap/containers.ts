/** What a file's container events say, in JSON. */
import { textOf, untilNul } from './bytes.ts';

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
