/** A capture whose first page is not what it was is told by the next ones. */
import { closeSync, openSync, readSync } from 'node:fs';
import { DIMENSION_NAMES } from '../model/dimensions.ts';

/** Of each capture. */
export const PAGE_BYTES = 4096;
/** meta, chunk with its index, text, chunk_column; behind them the dimensions. */
const OTHERS = 5;
/** First bytes of the pages of tables and indexes. */
const PAGE_KINDS: ReadonlySet<number> = new Set([2, 5, 10, 13]);
/** Some may be damaged, too. */
const LIKELY = 0.8;

/** Whether the pages behind a file's first are roots of tables, as in each capture. Throws what the file system throws. */
export function looksLikeOurs(path: string): boolean {
  const tables = OTHERS + DIMENSION_NAMES.length;
  const file = openSync(path, 'r');
  try {
    const kind = Buffer.alloc(1);
    let likely = 0;
    for (let page = 1; page <= tables; page++) {
      if (readSync(file, kind, 0, 1, page * PAGE_BYTES) === 1 && PAGE_KINDS.has(kind[0]!)) likely++;
    }
    return likely >= tables * LIKELY;
  } finally {
    closeSync(file);
  }
}
