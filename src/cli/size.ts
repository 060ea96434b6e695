import { UsageError } from './exit.ts';

/** A small letter needs its B: `10m` is a time. */
const SIZE = /^([0-9]+(?:\.[0-9]+)?)(?:([KMGT])(i?)B?|([kmgt])(i?)[bB])$/;
const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4 };

/** `500MB`, `2GB`, `1GiB`, `500mb`, `2G` → bytes; null: no such size. */
export function parseSize(text: string): number | null {
  const found = SIZE.exec(text);
  if (found === null) return null;
  const [, number, large, binaryLarge, small, binarySmall] = found;
  const [prefix, binary] = [(large ?? small)!, binaryLarge ?? binarySmall];
  return Number(number) * (binary === '' ? 1000 : 1024) ** POWERS[prefix.toLowerCase()]!;
}

/** `5%` → 0.05. Throws UsageError. */
export function parseShare(option: string, text: string): number {
  const found = /^([0-9]+(?:\.[0-9]+)?)%$/.exec(text);
  if (found === null || Number(found[1]) >= 100 || Number(found[1]) === 0)
    throw new UsageError(`${option} takes a share such as 5%, not ${text}`);
  return Number(found[1]) / 100;
}
