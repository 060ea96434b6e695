/** When a process was stopped by signals (SIGSTOP, job control) and did nothing. */
import type { Signal } from './ends.ts';

export interface Stop {
  readonly from: number;
  /** Infinity: nobody let it go on. */
  readonly to: number;
  readonly signal: Signal;
}

/** SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU. */
const STOPS: ReadonlySet<number> = new Set([19, 20, 21, 22]);
const SIGCONT = 18;
/** ns between a signal's sending and its delivery, which are an event each. */
const SAME = 1e9;

/** A stop is told twice, by who sent it and by who got it: the one with its sender counts. */
export function stopsOf(pid: number, signals: readonly Signal[]): Stop[] {
  const own = signals.filter((signal) => signal.to === pid);
  const stops: Stop[] = [];
  for (const signal of own) {
    const open = stops.at(-1);
    if (signal.signal === SIGCONT && open?.to === Infinity) stops[stops.length - 1] = { ...open, to: signal.time };
    else if (STOPS.has(signal.signal) && open?.to !== Infinity) {
      const sender = own.find(({ signal: same, time, by }) => same === signal.signal && by !== 0 && Math.abs(time - signal.time) < SAME);
      stops.push({ from: signal.time, to: Infinity, signal: sender ?? signal });
    }
  }
  return stops;
}
