/** A file that was cut, such as by a copy that broke off: SQLite opens none that is shorter than its header says. */
import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of SQLite's header. */
const HEADER_BYTES = 100;
const PAGE_BYTES_AT = 16;
const PAGES_AT = 28;
/** As the header has pages of this many bytes, which need one bit more than there is. */
const LARGEST_PAGE = 65_536;
/** A header may say anything. */
const MOST_BYTES = 2 ** 40;

export interface Whole {
  readonly path: string;
  discard(): void;
}

/** The file itself, or a copy of its full length, in which the pages that it has not are empty. */
export function ofWholeLength(file: string): Whole {
  const wanted = bytesOf(file);
  if (wanted <= statSync(file).size || wanted > MOST_BYTES) return { path: file, discard: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'trowel-cut-'));
  const path = join(folder, 'x.trowel');
  copyFileSync(file, path);
  truncateSync(path, wanted); // a hole: it takes no room
  return { path, discard: () => rmSync(folder, { recursive: true, force: true }) };
}

function bytesOf(file: string): number {
  const header = Buffer.alloc(HEADER_BYTES);
  const fd = openSync(file, 'r');
  try {
    if (readSync(fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return 0;
  } finally {
    closeSync(fd);
  }
  const page = header.readUInt16BE(PAGE_BYTES_AT);
  return header.readUInt32BE(PAGES_AT) * (page === 1 ? LARGEST_PAGE : page);
}
