/** How a capture is found out and opened. What can be opened is a list of these; nobody else asks what a file is. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { Capture } from './capture.ts';
import { CaptureError } from './error.ts';
import type { EventStream } from './event-stream.ts';

/** What the user named, as far as it takes to know what it is. */
export interface Named {
  readonly name: string;
  /** `elsewhere`: no file of this machine, such as a URL. `several`: names with LIST between. */
  readonly what: 'file' | 'folder' | 'several' | 'elsewhere';
  /** A file's first bytes; fewer where it has no more. */
  readonly head: Uint8Array;
}

export interface Opener {
  /** Whether it opens this. */
  sniff(named: Named): boolean;
  /** `name`: as the user named the file. Throws CaptureError. */
  open(file: string, name: string): Promise<Capture>;
  /** The same for who asks once: cheaper than a capture. Null: it is not, in this case. */
  stream?(file: string, name: string): Promise<EventStream | null>;
  /** Writes all of it to a new capture and gives the number of events; absent: it is one. */
  convert?(file: string, target: string): Promise<number>;
}

/** Between names that are asked as one. No command line brings it into a file's name by accident. */
export const LIST = '\n';

/** Standard input. */
export const STDIN = '-';

const HEAD_BYTES = 64;
const NO_BYTES = new Uint8Array(0);
const URL = /^[a-z][a-z0-9+.-]+:\/\//;

/** The first of the list that opens it. Throws CaptureError where none does. */
export function openerOf(openers: readonly Opener[], name: string): Opener {
  const named = lookAt(name);
  const opener = openers.find(({ sniff }) => sniff(named));
  if (opener !== undefined) return opener;
  if (named.what === 'folder') throw new CaptureError(name, 'is a directory without captures');
  if (named.what === 'file' && named.head.length === 0) throw new CaptureError(name, 'is empty');
  throw new CaptureError(name, 'is neither a Trowel capture nor a .scap file');
}

/** Throws CaptureError where there is nothing to be read. */
export function lookAt(name: string): Named {
  if (URL.test(name)) return { name, what: 'elsewhere', head: NO_BYTES };
  if (name.includes(LIST) && !existsSync(name)) return { name, what: 'several', head: NO_BYTES };
  if (!existsSync(name)) throw new CaptureError(name, 'no such file');
  if (statSync(name).isDirectory()) return { name, what: 'folder', head: NO_BYTES };
  return { name, what: 'file', head: headOf(name) };
}

function headOf(path: string): Uint8Array {
  const file = openToRead(path);
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } catch (error) {
    throw new CaptureError(path, `cannot be read: ${(error as Error).message}`);
  } finally {
    closeSync(file);
  }
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
