/**
 * Before whom the thread that stores events has its turn. What it has not stored when it is killed is lost, and a busy machine
 * would let it wait for seconds. Linux keeps this number per thread, and gives it to what a thread starts.
 */
import { getPriority, setPriority } from 'node:os';

/** Behind the thread that drains the ring, beside the one that sends what it found. */
const NICE = -5;
const ORDINARY = 0;

let isRaised = false;
/** Has it raised by who may, where this process may no more. */
let raiseAgain: () => void = () => {};

export function raiseBy(raise: () => void): void {
  raiseAgain = raise;
}

/** Where that is not allowed, and where the user has chosen another niceness, all stays as it is. */
export function raisePriority(): void {
  if (process.platform !== 'linux' || isRaised || getPriority() !== ORDINARY) return;
  isRaised = setNice(NICE);
}

/** For what starts a process that is none of ours, or whose work can wait. */
export function atOrdinaryPriority<T>(start: () => T): T {
  if (!isRaised || !setNice(ORDINARY)) return start();
  try {
    return start();
  } finally {
    if (!setNice(NICE)) raiseAgain();
  }
}

function setNice(nice: number): boolean {
  try {
    setPriority(nice);
    return true;
  } catch {
    return false;
  }
}
