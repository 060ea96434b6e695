/** What the store knows of a recording, and the id by which all its rows have it. */
import { createHash } from 'node:crypto';
import type { Capture } from '../capture/capture.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import type { StoreClient } from './client.ts';
import { text } from './sql.ts';

export interface Recording {
  /** UInt64 in digits. */
  readonly rec: string;
  readonly node: string;
  /** ns since 1970 of its time zero. */
  readonly epoch: bigint;
  /** ns since its start. */
  readonly begin: number;
  readonly end: number;
  readonly events: number;
  readonly meta: Readonly<Partial<CaptureMeta>>;
}

/** The same for all files of a recording, and for its parts: event numbers are those of the recording, and what is pushed again falls on what is there. */
export function recordingId({ meta, epoch }: Pick<Capture, 'meta' | 'epoch'>): string {
  const key = JSON.stringify([meta.hostname ?? '', String(epoch), meta.nodes ?? '']);
  return createHash('sha256').update(key).digest().readBigUInt64LE().toString();
}

/** The day until which a recording's rows are kept: that of its end. */
export const dayOf = (wallNs: bigint): string => new Date(Number(wallNs / 1_000_000n)).toISOString().slice(0, 10);

interface Row {
  readonly rec: string;
  readonly node: string;
  readonly epoch: string;
  readonly begin: string;
  readonly end: string;
  readonly events: string;
  readonly meta: string;
}

/** All that are there, of some nodes (empty: all), in the order in which they began. */
export async function recordings(client: StoreClient, nodes: readonly string[]): Promise<Recording[]> {
  const of = nodes.length === 0 ? '1' : `node IN (${nodes.map(text).join(', ')})`;
  const rows = await client.rows<Row>(
    `SELECT rec, node, epoch, begin, end, events, meta FROM ${client.database}.recording FINAL WHERE ${of} ORDER BY epoch, rec`,
  );
  return rows.map(({ rec, node, epoch, begin, end, events, meta }) => ({
    rec,
    node,
    epoch: BigInt(epoch),
    begin: Number(begin),
    end: Number(end),
    events: Number(events),
    meta: JSON.parse(meta) as Partial<CaptureMeta>,
  }));
}
