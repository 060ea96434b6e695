import { MS, SECOND, US } from '../model/time.ts';
import { UsageError } from './exit.ts';

const SPAN = /^([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s|m|h)?$/;
const UNITS: Readonly<Record<string, number>> = { ns: 1, us: US, ms: MS, s: SECOND, m: 60 * SECOND, h: 3600 * SECOND };

/** `250ms`, `2.5s`, `5m` → ns; a number alone counts as seconds. `wanted`: what the option takes. Throws UsageError. */
export function parseSpan(option: string, text: string, wanted = 'a time such as 250ms, 2.5s or 5m'): number {
  const found = SPAN.exec(text);
  if (found === null) throw new UsageError(`${option} takes ${wanted}, not ${text}`);
  return Number(found[1]) * UNITS[found[2] ?? 's']!;
}
