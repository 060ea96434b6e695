/** Answers of servers that may say anything, for as long as they like: bounded in bytes, time and rate, since ingest shares the thread. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { steadyNow } from '../model/steady.ts';

export interface Bounds {
  /** Characters. */
  readonly length: number;
  /** ms for all of it. */
  readonly ms: number;
}

/** The whole of an answer. Throws where it is longer, or takes longer, and the connection is closed. */
export async function wholeOf(response: IncomingMessage, { length, ms }: Bounds): Promise<string> {
  const late = globalThis.setTimeout(() => response.destroy(new Error(`the answer took more than ${ms / 1000} s`)), ms);
  const pieces: string[] = [];
  let taken = 0;
  try {
    for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
      taken += piece.length;
      if (taken > length) throw new Error('the answer has no end');
      pieces.push(piece);
    }
  } finally {
    clearTimeout(late);
  }
  return pieces.join('');
}

/** Lines as they come, at most so many a second: who sends more waits. Throws where a line has no end. */
export async function* linesOf(response: IncomingMessage, longest: number, aSecond: number): AsyncGenerator<string> {
  let rest = '';
  let [from, taken] = [steadyNow(), 0];
  for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    if (rest.length > longest) throw new Error('a line has no end');
    for (const line of lines) {
      if (line.trim() === '') continue;
      yield line;
      if (++taken < aSecond) continue;
      await sleep(Math.max(0, from + 1000 - steadyNow()), undefined, { ref: false });
      [from, taken] = [steadyNow(), 0];
    }
  }
}
