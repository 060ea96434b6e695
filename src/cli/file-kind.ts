import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { CaptureError } from '../capture/error.ts';
import { compressionOf } from '../scap/decompress/format.ts';

/** What a file is, told by its first bytes. A .scap file may be compressed. */
export type FileKind = 'capture' | 'scap' | 'gzip' | 'unknown';

const SCAP_SECTION = 0x0a0d0d0a;

export function fileKind(path: string): FileKind {
  if (!existsSync(path)) throw new CaptureError(path, 'no such file');
  if (statSync(path).isDirectory()) throw new CaptureError(path, 'is a directory, not a capture');
  const head = Buffer.alloc(16);
  const file = openSync(path, 'r');
  const length = readSync(file, head, 0, head.length, 0);
  closeSync(file);
  if (head.toString('latin1').startsWith('SQLite format 3')) return 'capture';
  const compression = compressionOf(head.subarray(0, length));
  if (compression !== null) return compression === 'gzip' ? 'gzip' : 'scap';
  return length >= 4 && head.readUInt32LE(0) === SCAP_SECTION ? 'scap' : 'unknown';
}
