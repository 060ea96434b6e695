/** Trowel's own captures. */
import type { Opener } from '../capture/opener.ts';

const MAGIC = 'SQLite format 3';

export const STORED: Opener = {
  sniff: ({ head }) => Buffer.from(head).toString('latin1').startsWith(MAGIC),
  open: async (file, name) => new (await import('./reader.ts')).CaptureReader(file, name),
};
