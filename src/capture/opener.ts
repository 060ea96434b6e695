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

const HEAD_BYTES = 1024;
const NO_BYTES = new Uint8Array(0);
const URL = /^[a-z][a-z0-9+.-]+:\/\//;

/** The first of the list that opens a file. Throws CaptureError where none does. `name`: what the user called it. */
export function openerOf(openers: readonly Opener[], file: string, name = file): Opener {
  const named = lookAt(file);
  const opener = openers.find(({ sniff }) => sniff(named));
  if (opener !== undefined) return opener;
  const shown = name === STDIN ? 'standard input' : name;
  if (named.what === 'folder') throw new CaptureError(shown, 'is a directory without captures');
  if (named.what === 'file' && named.head.length === 0) throw new CaptureError(shown, 'is empty');
  const other = OTHERS.find(({ magic }) => magic.every((byte, i) => named.head[i] === byte));
  throw new CaptureError(shown, other?.instead ?? 'is neither a Trowel capture nor a .scap file');
}

const PCAP = 'has packets, not events: trowel annotate PACKETS CAPTURE -o OUT gives packets the names of their processes';

/** What people try, by its first bytes, and what to do with it. */
const OTHERS: readonly { readonly magic: readonly number[]; readonly instead: string }[] = [
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], instead: 'is compressed by xz: xz -dc FILE | trowel read -' },
  { magic: [0x50, 0x4b, 3, 4], instead: 'is a zip archive: unpack it first' },
  { magic: [0x0a, 0x0d, 0x0d, 0x0a], instead: PCAP },
  { magic: [0xd4, 0xc3, 0xb2, 0xa1], instead: PCAP },
  { magic: [0xa1, 0xb2, 0xc3, 0xd4], instead: PCAP },
  { magic: [0x4d, 0x3c, 0xb2, 0xa1], instead: PCAP },
];

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
