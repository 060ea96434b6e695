/** A capture without what is nobody else's business: texts are redacted, addresses have pseudonyms, payloads that are no text are gone. */
import type { Capture } from '../capture/capture.ts';
import { type ArgStorage, ArgWriter, decodeArgs } from '../model/args.ts';
import { argBytes, type Chunk, EventFlag, type OpenChunk, payload } from '../model/chunk.ts';
import type { ContainerRow, KubeObjectRow } from '../model/kube.ts';
import type { NodeFactRow } from '../model/node.ts';
import type { FdRow, ProcessRow } from '../model/rows.ts';
import { type Rewriting, type RowChanges, rewrite } from './rewrite.ts';

/** How the parts of a capture are made harmless. */
export interface Scrubbing {
  /** `text`: what is text, or a head of HTTP/1, is redacted, the rest is dropped; `drop`: all of it; `keep`: none. */
  readonly payloads: 'text' | 'drop' | 'keep';
  readonly text: (text: string) => string;
  readonly args: (args: readonly string[]) => readonly string[];
  readonly address: (ip: string) => string;
}

const NOTHING = new Uint8Array(0);

/** Gives the number of events. */
export function scrub(capture: Capture, path: string, how: Scrubbing): number {
  const event = eventChange(capture, how);
  const { text } = how;
  const meta: Rewriting['meta'] = ({ state: _, ...rest }) => ({
    ...rest,
    ...(rest.command === undefined ? {} : { command: text(rest.command) }),
    ...(rest.filter === undefined ? {} : { filter: text(rest.filter) }),
    ...(how.payloads === 'drop' ? { snaplen: '0' } : {}),
  });
  return rewrite(capture, path, { rows: rowChanges(how), event, meta });
}

function rowChanges({ text, args, address }: Scrubbing): RowChanges {
  const addresses = (ips: readonly string[]) => ips.map(address);
  return {
    processes: (row): ProcessRow => {
      const { exe, args: own, env } = row;
      const [program = '', ...rest] = args([exe, ...own]);
      return { ...row, exe: program, args: rest, cwd: text(row.cwd), env: env === null ? null : [] };
    },
    fds: (row): FdRow => ({
      ...row,
      name: text(row.name),
      localIp: row.localIp === null ? null : address(row.localIp),
      remoteIp: row.remoteIp === null ? null : address(row.remoteIp),
    }),
    dns: (row) => ({ ...row, server: text(row.server), answers: row.answers.map((one) => ({ ...one, data: text(one.data) })) }),
    resolvers: (row) => ({ ...row, text: text(row.text) }),
    containers: (row): ContainerRow => ({ ...row, ip: address(row.ip), labels: values(row.labels, text) }),
    objects: (row): KubeObjectRow => ({
      ...row,
      ips: addresses(row.ips),
      labels: values(row.labels, text),
      annotations: row.annotations === null ? null : {},
    }),
    kubeEvents: (row) => ({ ...row, message: text(row.message) }),
    nodeFacts: (row): NodeFactRow => ({ ...row, key: text(row.key), value: deep(row.value, text) }),
  };
}

/** Every text in a value, however deep. */
function deep<T>(value: T, text: (value: string) => string): T {
  const map = (one: unknown): unknown => {
    if (typeof one === 'string') return text(one);
    if (Array.isArray(one)) return one.map(map);
    return typeof one === 'object' && one !== null ? Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, map(inner)])) : one;
  };
  return map(value) as T;
}

function values(all: Readonly<Record<string, string>>, text: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, text(value)]));
}

function eventChange(capture: Capture, how: Scrubbing): Rewriting['event'] {
  const types = new Map<number, readonly ArgStorage[]>();
  for (const { id, args } of capture.dims.types.all())
    types.set(
      id,
      args.map(({ storage }) => storage),
    );
  const writer = new ArgWriter();
  return (chunk, i, target) => {
    target.setArgs(scrubbedArgs(argBytes(chunk, i), types.get(chunk.type[i]!) ?? [], how, writer));
    const before = payload(chunk, i);
    const after = scrubbedPayload(before, how);
    target.setData(after);
    markCut(chunk, i, target, after.length < before.length);
  };
}

function markCut(chunk: Chunk, i: number, target: OpenChunk, isCut: boolean): void {
  if (isCut) target.flags[target.n] = chunk.flags[i]! | EventFlag.TRUNCATED;
}

/** Bytes are paths and texts, or structures that hold addresses: those are dropped. What cannot be decoded is, too. */
function scrubbedArgs(bytes: Uint8Array, storage: readonly ArgStorage[], how: Scrubbing, writer: ArgWriter): Uint8Array {
  writer.reset();
  for (const [k, value] of decodeArgs(bytes, storage).entries()) {
    if (storage[k] === 'column') continue;
    if (typeof value === 'number') writer.number(value);
    else if (storage[k] === 'number') break;
    else writer.blob(value === null ? null : scrubbedText(value, how));
  }
  return writer.bytes();
}

function scrubbedPayload(bytes: Uint8Array, how: Scrubbing): Uint8Array {
  if (how.payloads === 'keep' || bytes.length === 0) return bytes;
  return how.payloads === 'drop' ? NOTHING : scrubbedText(bytes, how);
}

/** Empty for what is no text; of a head of HTTP/1 with a body that is none, the head. */
function scrubbedText(bytes: Uint8Array, { text }: Scrubbing): Uint8Array {
  const readable = isText(bytes) ? bytes : bytes.subarray(0, headLength(bytes));
  const before = Buffer.from(readable).toString();
  const after = text(before);
  return after === before ? readable : Buffer.from(after).subarray(0, readable.length);
}

const HEAD_BEGINS = /^(?:HTTP\/1\.[01] [0-9]{3}[ \r]|[A-Z]{3,7} \S+ HTTP\/1\.[01]\r)/;
const HEAD_ENDS = '\r\n\r\n';

/** Bytes of the head that a payload begins with; 0: it begins with none, or that is no text. */
function headLength(bytes: Uint8Array): number {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = all.indexOf(HEAD_ENDS);
  const head = end < 0 ? NOTHING : bytes.subarray(0, end + HEAD_ENDS.length);
  return isText(head) && HEAD_BEGINS.test(Buffer.from(head).toString('latin1')) ? head.length : 0;
}

function isText(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  return true;
}
