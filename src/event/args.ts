/** Arguments of single events, taken out of a chunk. */
import { type ArgValue, decodeArgs } from '../model/args.ts';
import { argBytes, type Chunk, EventFlag } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';

/** The command of fcntl or flock; -1: another call. */
export function cmdOf(chunk: Chunk, i: number, type: EventType): number {
  const position = type.args.findIndex(({ name }) => name === 'cmd' || name === 'operation');
  return position < 0 ? -1 : numberOf(valuesOf(chunk, i, type)[position]);
}

/** A number among an event's arguments; 0: its type has none of that name. */
export function numberArg(chunk: Chunk, i: number, type: EventType, wanted: string): number {
  const position = type.args.findIndex(({ name }) => name === wanted);
  return position < 0 ? 0 : numberOf(valuesOf(chunk, i, type)[position]);
}

/** A text among an event's arguments; empty: its type has none of that name. */
export function textArg(chunk: Chunk, i: number, type: EventType, wanted: string): string {
  const position = type.args.findIndex(({ name }) => name === wanted);
  return position < 0 ? '' : textOf(valuesOf(chunk, i, type)[position]);
}

/** All arguments of an event that are kept with it, in the order of its type's. */
export function valuesOf(chunk: Chunk, i: number, type: EventType): ArgValue[] {
  return decodeArgs(
    argBytes(chunk, i),
    type.args.map(({ storage }) => storage),
  );
}

export function numberOf(value: ArgValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}

export function textOf(value: ArgValue | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : '';
}

/** Whether its result is one: a kernel event has none. */
export function hasResult(chunk: Chunk, i: number): boolean {
  return (chunk.flags[i]! & EventFlag.HAS_RES) !== 0;
}
