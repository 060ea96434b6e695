/** What requests and answers of HTTP/2 say: both directions of a connection are followed, since each head builds on those before it. */
import { Http2Connections, type Http2Head, http2Header } from '../event/http2/connections.ts';
import { PREFACE } from '../event/http2/frames.ts';
import { type Chunk, payload } from '../model/chunk.ts';
import { grpcText } from '../model/grpc.ts';

/** A head of an answer, or what follows its body. */
export interface Http2Answer {
  /** 0: it says none, or that was not captured. */
  readonly status: number;
  /** gRPC's own; null as above. */
  readonly grpc: number | null;
  /** `GET /foo`; empty: not captured. */
  readonly request: string;
  /** Nothing more comes of it. */
  readonly isEnd: boolean;
}

export interface Http2Said {
  /** Requests that begin, as `GET /foo`. */
  readonly asked: readonly string[];
  readonly answered: readonly Http2Answer[];
}

/** Requests whose answers are awaited, of all connections. */
const MAX_OPEN = 10_000;

export class Http2Words {
  readonly #connections = new Http2Connections();
  /** By descriptor: 1 where it has spoken HTTP/2. */
  readonly #known: Uint8Array;
  /** By descriptor and stream. */
  readonly #open = new Map<string, string>();

  constructor(lastFd: number) {
    this.#known = new Uint8Array(lastFd + 1);
  }

  /** Whether a descriptor's connection is one of HTTP/2, as far as one knows. */
  speaks(fd: number): boolean {
    return this.#known[fd] === 1;
  }

  /** Null: its connection is none of HTTP/2. `fd`: the event's row of descriptors; `pid`: whose event it is. */
  take(chunk: Chunk, i: number, fd: number, pid: number, io: 'read' | 'write'): Http2Said | null {
    const from = i === 0 ? 0 : chunk.dataEnd[i - 1]!;
    const first = chunk.dataEnd[i]! > from ? chunk.data[from] : -1;
    if (this.#known[fd] === 0 && first !== 0 && first !== PREFACE[0]) return null;
    const bytes = payload(chunk, i);
    const heads = this.#connections.take(fd, pid, io, bytes, Math.max(chunk.res[i]!, bytes.length));
    if (heads === null) return null;
    this.#known[fd] = 1;
    const asked = heads.filter(({ of }) => of === 'request').flatMap((head) => this.#asked(fd, head));
    return { asked, answered: heads.filter(({ of }) => of !== 'request').map((head) => this.#answered(fd, head)) };
  }

  /** None: it is the end of a request that is known. */
  #asked(fd: number, head: Http2Head): string[] {
    const [key, method] = [`${fd} ${head.stream}`, http2Header(head, ':method')];
    if (method === null || this.#open.has(key)) return [];
    const request = `${method} ${http2Header(head, ':path') ?? ''}`.trimEnd();
    if (this.#open.size < MAX_OPEN) this.#open.set(key, request);
    return [request];
  }

  #answered(fd: number, head: Http2Head): Http2Answer {
    const key = `${fd} ${head.stream}`;
    const request = this.#open.get(key) ?? '';
    if (head.endsStream) this.#open.delete(key);
    const [status, grpc] = [http2Header(head, ':status'), http2Header(head, 'grpc-status')].map(numberOf);
    return { status: status ?? 0, grpc: grpc ?? null, request, isEnd: head.endsStream };
  }
}

const numberOf = (text: string | null) => (text !== null && /^[0-9]{1,3}$/.test(text) ? Number(text) : null);

/** From here on an answer says no. */
const CLIENT_ERROR = 400;
/** Of gRPC: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const SERVERS_OWN = /^(HTTP 5|gRPC (2|4|12|13|14|15)\b)/;

/** `HTTP 503`, `gRPC 14 (UNAVAILABLE)`; null: it does not say no. */
export function errorOf({ status, grpc }: Http2Answer): string | null {
  if (grpc !== null && grpc > 0) return grpcText(grpc);
  return status >= CLIENT_ERROR ? `HTTP ${status}` : null;
}

/** Whether such an error is the server's own fault, as it says. */
export const isServersOwn = (error: string): boolean => SERVERS_OWN.test(error);
