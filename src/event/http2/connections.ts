/** Heads of HTTP/2 in the payloads of many connections: both directions of each are followed from the first head that is seen. */
import type { EventView } from '../view.ts';
import { beginsWithFrame, beginsWithPreface, FrameReader, type HeaderBlock } from './frames.ts';
import { type Header, HpackDecoder } from './hpack.ts';

/** Headers at the beginning of a request or of a response, or at its end (trailers). */
export interface Http2Head {
  readonly stream: number;
  readonly headers: readonly Header[];
  /** Null: so much of the connection is missing that it cannot be told. */
  readonly of: 'request' | 'response' | null;
  /** Nothing more comes on this stream from this side. */
  readonly endsStream: boolean;
}

type Io = 'read' | 'write';

/** Processes have smaller numbers. */
const PIDS = 2 ** 22;
const NONE: readonly Http2Head[] = [];

export class Http2Connections {
  readonly #known = new Map<number, Connection>();

  /** Heads that end with this event's payload; null: its connection is none of HTTP/2, as far as one knows. */
  heads(view: EventView): readonly Http2Head[] | null {
    const { payload } = view;
    const { io } = view.type;
    if (io === null || (this.#known.size === 0 && !begins(payload))) return null;
    return this.take(view.columnValue('fd') ?? 0, view.process?.pid ?? 0, io, payload, Math.max(view.res ?? 0, payload.length));
  }

  /** No connection of HTTP/2 has been seen. */
  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** `fd`: a row of descriptors, as the process `pid` uses it. `moved`: bytes that the call moved; the payload holds the first of them. */
  take(fd: number, pid: number, io: Io, payload: Uint8Array, moved: number): readonly Http2Head[] | null {
    const key = keyOf(fd, pid);
    const known = this.#known.get(key) ?? (begins(payload) ? new Connection() : null);
    if (known === null) return null;
    this.#known.set(key, known);
    return known.take(io, payload, moved);
  }

  /** Nothing more comes on it. */
  close(fd: number, pid: number): void {
    this.#known.delete(keyOf(fd, pid));
  }
}

const keyOf = (fd: number, pid: number) => fd * PIDS + pid;
const begins = (payload: Uint8Array) => beginsWithFrame(payload) || beginsWithPreface(payload);

/** As one process sees it. */
class Connection {
  readonly #sides: Readonly<Record<Io, Side>> = { read: new Side(), write: new Side() };
  /** Which way requests go; null: no head has said it yet. */
  #requests: Io | null = null;

  take(io: Io, payload: Uint8Array, moved: number): readonly Http2Head[] | null {
    const found = this.#sides[io].take(payload, moved);
    for (const { headers } of found) this.#requests ??= requestsOf(io, headers);
    if (found.length === 0) return this.#requests === null ? null : NONE;
    const of = this.#requests === null ? null : this.#requests === io ? 'request' : 'response';
    return found.map((head) => ({ ...head, of }));
  }
}

function requestsOf(io: Io, headers: readonly Header[]): Io | null {
  const isThere = (name: string) => headers.some((header) => header.name === name);
  if (isThere(':method') || isThere(':path')) return io;
  return isThere(':status') ? (io === 'read' ? 'write' : 'read') : null;
}

type Found = Omit<Http2Head, 'of'>;

class Side {
  readonly #decoder = new HpackDecoder();
  readonly #frames = new FrameReader({ block: (block) => this.#take(block), gap: () => this.#decoder.forget() });
  #found: Found[] = [];

  take(payload: Uint8Array, moved: number): readonly Found[] {
    this.#found = [];
    this.#frames.take(payload, moved);
    return this.#found;
  }

  #take({ stream, isPush, endsStream, bytes }: HeaderBlock): void {
    const { headers } = this.#decoder.decode(bytes);
    if (!isPush) this.#found.push({ stream, headers, endsStream });
  }
}

/** A header's value; null: it is not there, or not known. */
export function http2Header({ headers }: Pick<Http2Head, 'headers'>, name: string): string | null {
  return headers.find((header) => header.name === name)?.value ?? null;
}
