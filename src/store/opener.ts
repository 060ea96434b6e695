/** Trowel's own captures. */
import { CaptureDamage } from '../capture/error.ts';
import type { Opener } from '../capture/opener.ts';
import { looksLikeOurs } from './headless.ts';

const MAGIC = 'SQLite format 3';

/** The same without their first bytes; nothing else is asked for its pages. */
export const HEADLESS: Opener = {
  sniff: ({ name, what }) => what === 'file' && looksLikeOurs(name),
  open: (_, name) => Promise.reject(new CaptureDamage(name, 'its first bytes, which say what it is, are others')),
};

export const STORED: Opener = {
  sniff: ({ head }) => Buffer.from(head).toString('latin1').startsWith(MAGIC),
  open: async (file, name) => new (await import('./reader.ts')).CaptureReader(file, name),
};
