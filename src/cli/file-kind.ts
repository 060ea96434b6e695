import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { CaptureError } from '../capture/error.ts';

/** What a file is, told by its first bytes. */
export type FileKind = 'capture' | 'scap' | 'gzip' | 'unknown';

const SCAP_SECTION = 0x0a0d0d0a;

export function fileKind(path: string): FileKind {
  if (!existsSync(path)) throw new CaptureError(path, 'no such file');
  if (statSync(path).isDirectory()) throw new CaptureError(path, 'is a directory, not a capture');
  const head = Buffer.alloc(16);
  const file = openToRead(path);
  const length = readSync(file, head, 0, head.length, 0);
  closeSync(file);
  if (head.toString('latin1').startsWith('SQLite format 3')) return 'capture';
  if (length >= 2 && head.readUInt16BE(0) === 0x1f8b) return 'gzip';
  return length >= 4 && head.readUInt32LE(0) === SCAP_SECTION ? 'scap' : 'unknown';
}

function openToRead(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const denied = (error as { code?: string }).code === 'EACCES';
    throw new CaptureError(
      path,
      denied ? 'is readable by its owner alone: use sudo, or have it given to you (chown)' : (error as Error).message,
    );
  }
}
