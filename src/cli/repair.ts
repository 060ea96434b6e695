/** `trowel repair`: what can still be read of a damaged capture, and what cannot. */
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { repair } from '../store/repair.ts';
import { EXIT, Exit } from './exit.ts';
import { newTarget } from './target.ts';

export function repairFile(path: string, options: { readonly write: string }): void {
  const { events, missing, rows } = repair(path, newTarget(options.write));
  for (const { from, to, reason } of missing)
    say(`missing: ${to > from ? `events ${from} to ${to}` : `what follows event ${from - 1}`} (${sanitize(reason)})`);
  for (const { table, count } of rows) say(`missing: ${count === 0 ? 'some' : count} rows of the table ${table}`);
  say(`${options.write}: ${events} events${missing.length + rows.length === 0 ? '; nothing was missing' : ''}`);
  if (events === 0) throw new Exit(EXIT.FAILED, 'nothing could be saved');
}
