import type { ArgStorage } from './args.ts';
import { type ArgFormat, type ArgSource, CALLS, type CallSpec, type Family } from './calls.ts';

/** One argument of an event type, as the capture stores and the screen prints it. */
export interface ArgType {
  readonly name: string;
  readonly format: ArgFormat | `scap:${string}`;
  /** The column that holds it, or null: it is in the `args` column. */
  readonly column: 'res' | 'fd' | 'data' | 'tuple' | null;
  readonly storage: ArgStorage;
  /** It belongs to the call's beginning: sysdig showed it with the enter event. */
  readonly enter?: boolean;
}

/** A kind of event, as a row of the capture: what Trowel records, or what an imported file defines. */
export interface EventType {
  readonly id: number;
  readonly name: string;
  /** sysdig's evt.category; `io` becomes net or file by the descriptor. */
  readonly category: string;
  readonly family: Family | 'other';
  readonly io: 'read' | 'write' | null;
  readonly wait: boolean;
  readonly makesFd: boolean;
  readonly usesFd: boolean;
  readonly syscall: boolean;
  readonly args: readonly ArgType[];
}

/** First id that is not a system call; see calls.ts. */
export const FIRST_KERNEL_EVENT = 1024;
/** First id that files of other programs may define for themselves. */
export const FIRST_IMPORTED = 2048;

/** Whether a file of another program defined it. */
export const isImported = ({ id }: EventType): boolean => id >= FIRST_IMPORTED;

const BYTES_SOURCES: ReadonlySet<ArgSource['from']> = new Set(['path', 'text', 'pollfds']);

export function eventTypeOf(call: CallSpec): EventType {
  return {
    id: call.id,
    name: call.name,
    category: call.category,
    family: call.family,
    io: call.io,
    wait: call.wait,
    makesFd: call.fd === 'ret',
    usesFd: typeof call.fd === 'number',
    syscall: call.id < FIRST_KERNEL_EVENT,
    args: call.args.map(({ name, format, source }) => {
      const column =
        source.from === 'res' || source.from === 'fd' || source.from === 'data' || source.from === 'tuple' ? source.from : null;
      return { name, format, column, storage: column !== null ? 'column' : BYTES_SOURCES.has(source.from) ? 'bytes' : 'number' };
    }),
  };
}

/** The types that every capture of Trowel's own begins with. */
export const STANDARD_TYPES: readonly EventType[] = CALLS.map(eventTypeOf);

const byName = new Map(CALLS.map((call) => [call.name, call.id]));

/** Id of a type that calls.ts lists; throws on a name it does not know, which is a mistake in our own code. */
export function typeId(name: string): number {
  const id = byName.get(name);
  if (id === undefined) throw new Error(`no event type is called ${name}`);
  return id;
}
