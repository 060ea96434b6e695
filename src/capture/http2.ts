/** Heads of HTTP/2 in a capture, read as far as somebody asks, and again from the beginning by who goes back beyond what is kept. */
import type { Http2Head } from '../event/http2/connections.ts';
import { Http2Heads } from '../event/http2/heads.ts';
import type { Http2Source } from '../event/view.ts';
import type { Chunk, ChunkHead } from '../model/chunk.ts';
import type { Capture } from './capture.ts';

type Kept = Pick<Capture, 'dims' | 'heads' | 'chunk'>;

export class StoredHttp2 implements Http2Source {
  readonly #capture: Kept;
  readonly #most: number | undefined;
  #heads: Http2Heads;

  /** `most`: events whose heads are kept, at most. */
  constructor(capture: Kept, most?: number) {
    this.#capture = capture;
    this.#most = most;
    this.#heads = new Http2Heads(capture.dims, most);
  }

  headsAt(chunk: Chunk, i: number): readonly Http2Head[] | null {
    const num = chunk.num[i]!;
    if (num <= this.#heads.forgotten) this.#heads = new Http2Heads(this.#capture.dims, this.#most);
    if (num > this.#heads.seen) this.#readTo(num, chunk);
    return this.#heads.of(num);
  }

  /** `passing`: the chunk that somebody has decoded already, often the next one. */
  #readTo(num: number, passing: Chunk): void {
    for (const head of this.#capture.heads(this.#heads.seen)) {
      if (head.firstNum > num) return;
      this.#heads.take(isSame(head, passing) ? passing : this.#capture.chunk(head));
    }
  }
}

function isSame({ n, firstNum, lastNum }: ChunkHead, { num, n: length }: Chunk): boolean {
  return n === length && firstNum === num[0] && lastNum === num[n - 1];
}
