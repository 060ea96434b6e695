/** `trowel repair`: what can still be read of a damaged capture, and what cannot. */
import { CaptureError } from '../capture/error.ts';
import { lookAt } from '../capture/opener.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { HEADLESS, STORED } from '../store/opener.ts';
import { repair, rowsTexts, stretchText, UNDATED } from '../store/repair.ts';
import { EXIT, Exit } from './exit.ts';
import { newTarget } from './target.ts';

export function repairFile(path: string, options: { readonly write: string }): void {
  const named = lookAt(path);
  if (!STORED.sniff(named) && !HEADLESS.sniff(named))
    throw new CaptureError(path, 'is no Trowel capture: only those are repaired; a damaged .scap is read as far as it goes');
  const { events, missing, rows, undated } = repair(path, newTarget(options.write));
  for (const stretch of missing) say(`missing: ${stretchText(stretch)} (${sanitize(stretch.reason)})`);
  for (const text of [...rowsTexts(rows), ...(undated ? [UNDATED] : [])]) say(`missing: ${text}`);
  say(`${options.write}: ${events} events${missing.length + rows.length === 0 && !undated ? '; nothing was missing' : ''}`);
  if (events === 0) throw new Exit(EXIT.FAILED, 'nothing could be saved');
}
