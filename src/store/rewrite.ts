/** A capture written anew, its rows and events changed on the way. */
import type { Capture } from '../capture/capture.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { type Chunk, type ChunkHead, OpenChunk } from '../model/chunk.ts';
import { type DimensionTables, newTables, type RowName, type RowTypes } from '../model/rows.ts';
import { CaptureWriter } from './writer.ts';

/** Small enough to send around: slower to write. */
const LEVEL = 9;

export type RowChanges = { readonly [Name in RowName]?: (row: RowTypes[Name]) => RowTypes[Name] };

export interface Rewriting {
  readonly rows: RowChanges;
  /** Appends event i of a chunk to what is written; it has its columns already, but no arguments and no payload. */
  readonly event: (chunk: Chunk, i: number, target: OpenChunk) => void;
  readonly meta: (meta: Readonly<Partial<CaptureMeta>>) => Partial<CaptureMeta>;
}

/** Gives the number of events. */
export function rewrite(capture: Capture, path: string, { rows, event, meta }: Rewriting): number {
  const tables = newTables();
  for (const name of Object.keys(tables) as RowName[]) copyRows(capture, tables, name, rows);
  const writer = new CaptureWriter(path, tables, { level: LEVEL, live: false, small: true });
  writer.meta(meta(capture.meta));
  let total = 0;
  for (const head of capture.heads()) {
    const part = rewritten(capture, head, event);
    writer.append(part);
    total += part.n;
  }
  const { state } = capture.meta;
  writer.close({ end: capture.meta.end ?? '', ...(state === 'broke off' ? { state } : {}) });
  return total;
}

function copyRows<Name extends RowName>(capture: Capture, tables: DimensionTables, name: Name, changes: RowChanges): void {
  const change = changes[name];
  const target = tables[name] as { put(row: RowTypes[Name]): RowTypes[Name] };
  for (const row of capture.dims[name].all() as Iterable<RowTypes[Name]>) target.put(change === undefined ? row : change(row));
}

function rewritten(capture: Capture, head: ChunkHead, event: Rewriting['event']): OpenChunk {
  const chunk = capture.passingChunk(head);
  const part = new OpenChunk(chunk.n, 1 << 12);
  for (let i = 0; i < chunk.n; i++) {
    part.takeNumbers(chunk, i);
    event(chunk, i, part);
    part.n++;
  }
  return part;
}
