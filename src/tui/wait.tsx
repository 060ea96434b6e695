/** Shows that something is waited for, until it is there or the user has waited long enough. */
import { painter } from './kit/paint.ts';
import { Stage } from './stage.tsx';
import { LEAVING, waitingView } from './waiting.ts';

const TICK_MS = 100;

/** What was waited for; or that the user left, with the exit code that says how. */
export type Waited<T> = { readonly value: T } | { readonly left: number };

export async function waitFor<T>(work: Promise<T>, title: string, words: string, colour: boolean): Promise<Waited<T>> {
  const left = Promise.withResolvers<Waited<T>>();
  const paint = painter(colour);
  const since = performance.now();
  const stage = new Stage({
    frame: (size) => waitingView(title, words, performance.now() - since, size, paint),
    press: (key) => {
      if (LEAVING.has(key)) left.resolve({ left: 0 });
    },
    ended: (code) => left.resolve({ left: code }),
  });
  const ticks = setInterval(stage.draw, TICK_MS);
  try {
    return await Promise.race([work.then((value) => ({ value })), left.promise]);
  } finally {
    clearInterval(ticks);
    stage.close();
  }
}
