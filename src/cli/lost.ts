/** What a recording's last line says of what is missing. */
import type { Bye } from '../collector/wire.ts';
import { LogLeft } from '../store/writer.ts';

/** Whether the stream ended before it said what it had lost, or not all of it was stored. */
export function isBroken(bye: Bye | null, error: Error | null): boolean {
  return bye === null || (error !== null && !(error instanceof LogLeft));
}

/** `broke`: the stream ended before it said what it had lost. */
export function lostText(lost: number, broke: boolean): string {
  if (!broke) return lost === 0 ? 'nothing lost' : `${lost} lost`;
  return `broke off: ${lost === 0 ? '' : `${lost} lost, and `}an unknown number is missing at the end`;
}
