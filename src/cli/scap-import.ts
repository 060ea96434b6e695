/** A .scap file as a capture: two passes, the second of which writes. */
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DnsIndex } from '../dns/index.ts';
import { type DimensionTables, newTables } from '../model/rows.ts';
import { ScapDamage } from '../scap/blocks.ts';
import { ScapReader } from '../scap/reader.ts';
import { pieces } from '../scap/source.ts';
import { type Survey, Surveyor } from '../scap/survey.ts';
import { CaptureWriter } from '../store/writer.ts';
import { fileKind } from './file-kind.ts';
import { cachePath } from './import-cache.ts';
import { type ScapOutcome, warnOf } from './scap-outcome.ts';

/** Imports are read often and written once. */
const LEVEL = 3;

export interface ImportResult extends ScapOutcome {
  readonly events: number;
}

/** What the first pass over a file tells the second. */
export async function surveyScap(path: string, onProgress: (bytes: number) => void = () => {}): Promise<Survey> {
  const surveyor = new Surveyor();
  const cut = await eachPiece(path, (piece) => {
    surveyor.push(piece);
    onProgress(piece.length);
  });
  return surveyor.finish(cut);
}

/** Feeds a file to `work`. Gives why it ended early, or null. */
export async function eachPiece(path: string, work: (piece: Uint8Array) => void): Promise<string | null> {
  try {
    for await (const piece of pieces(path)) work(piece);
    return null;
  } catch (error) {
    if (error instanceof ScapDamage) return error.message;
    throw error;
  }
}

/** Writes all of a .scap file to a new capture. */
export async function importScap(path: string, target: string): Promise<ImportResult> {
  const survey = await surveyScap(path);
  const tables: DimensionTables = newTables();
  const dns = new DnsIndex(tables);
  const writer = new CaptureWriter(target, tables, { level: LEVEL, live: false });
  let events = 0;
  const reader = new ScapReader(tables, survey, (chunk) => {
    dns.add(chunk);
    writer.append(chunk);
    events += chunk.n;
  });
  const cut = (await eachPiece(path, (piece) => reader.push(piece))) ?? survey.cut;
  reader.finish();
  writer.meta({
    epoch: survey.epoch.toString(),
    source: 'scap',
    hostname: reader.machine.hostname,
    cpus: String(reader.machine.cpus),
    snaplen: String(reader.snaplen),
    filter: '',
    command: path,
    notes: notesOf(cut, reader.leftOut, statSync(path).size),
  });
  writer.close({ end: String(reader.end) });
  return { events, cut, leftOut: reader.leftOut };
}

function notesOf(cut: string | null, leftOut: string | null, size: number): string {
  const damage = cut === null ? null : `the file is damaged: ${cut}; what comes before is here (${size} bytes)`;
  return [damage, leftOut].filter((note) => note !== null).join('; ');
}

/** A capture to open: the path itself, or that of a .scap file's import, which is made where it is not there yet. */
export async function capturePath(path: string): Promise<string> {
  const kind = fileKind(path);
  if (kind !== 'scap' && kind !== 'gzip') return path;
  const cached = await cachePath(path);
  if (existsSync(cached)) return cached;
  mkdirSync(dirname(cached), { recursive: true });
  await importInto(path, cached);
  return cached;
}

/** Imports beside the target first, so that what is there is whole. */
export async function importInto(path: string, target: string): Promise<ImportResult> {
  const part = `${target}.${process.pid}.part`;
  try {
    const result = await importScap(path, part);
    renameSync(part, target);
    warnOf(path, result);
    return result;
  } finally {
    rmSync(part, { force: true });
  }
}
