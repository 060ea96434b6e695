/** `trowel repair`: what can still be read of a damaged capture. */
import { say } from '../output/stderr.ts';
import { repair } from '../store/repair.ts';
import { EXIT, Exit } from './exit.ts';
import { newTarget } from './target.ts';

const MOST_SAID = 10;

export function repairCapture(path: string, target: string): void {
  const { events, missing } = repair(path, newTarget(target));
  for (const what of missing.slice(0, MOST_SAID)) say(`not readable: ${what}`);
  if (missing.length > MOST_SAID) say(`not readable: ${missing.length - MOST_SAID} parts more`);
  say(`${target}: ${events} events`);
  if (events === 0) throw new Exit(EXIT.FAILED, 'nothing could be saved');
}
