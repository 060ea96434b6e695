/** A .scap file as a capture: two passes, the second of which writes. */
import { renameSync, rmSync, statSync } from 'node:fs';
import { type Outcome, outcomeOf } from '../capture/event-stream.ts';
import { DnsIndex } from '../dns/index.ts';
import { type DimensionTables, newTables } from '../model/rows.ts';
import { sanitize } from '../output/printable.ts';
import { withQuickCode } from '../scap/quick-code.ts';
import { ScapReader } from '../scap/reader.ts';
import { eachPiece, pieces } from '../scap/source.ts';
import { type Survey, Surveyor } from '../scap/survey.ts';
import { CaptureWriter } from '../store/writer.ts';
import { Progress } from './progress.ts';

/** Imports are read often and written once. */
const LEVEL = 3;

export interface ImportResult extends Outcome {
  readonly events: number;
}

/** A first pass is quick: how much of the work it is. */
const SURVEY_SHARE = 0.15;

/** Hears how much of the work is done, 0 to 1. */
export type OnProgress = (share: number) => void;

/** Calls `onProgress` with its part of the work, from the bytes of a file as they are read. */
function progressOf(path: string, from: number, to: number, onProgress: OnProgress): (bytes: number) => void {
  const { size } = statSync(path);
  let read = 0;
  return (bytes) => {
    read += bytes;
    onProgress(from + ((to - from) * read) / size);
  };
}

/** What the first pass over a file tells the second. */
async function survey(path: string, onRead: (bytes: number) => void): Promise<Survey> {
  const surveyor = new Surveyor();
  const cut = await eachPiece(pieces(path, onRead), (piece) => surveyor.push(piece));
  return surveyor.finish(cut);
}

/** Writes all of a .scap file to a new capture. */
export async function importScap(path: string, target: string, onProgress: OnProgress = () => {}): Promise<ImportResult> {
  const found = await survey(path, progressOf(path, 0, SURVEY_SHARE, onProgress));
  const tables: DimensionTables = newTables();
  const dns = new DnsIndex(tables);
  const writer = new CaptureWriter(target, tables, { level: LEVEL, live: false, small: true });
  let events = 0;
  const reader = new ScapReader(tables, found, (chunk) => {
    dns.add(chunk);
    writer.append(chunk);
    events += chunk.n;
  });
  const again = pieces(path, progressOf(path, SURVEY_SHARE, 1, onProgress));
  const cut = (await eachPiece(again, (piece) => reader.push(piece))) ?? found.cut;
  reader.finish();
  const outcome = outcomeOf(cut, reader.leftOut);
  writer.meta({
    epoch: found.epoch.toString(),
    source: 'scap',
    hostname: reader.machine.hostname,
    cpus: String(reader.machine.cpus),
    snaplen: String(reader.snaplen),
    filter: '',
    command: path,
    notes: notesOf(outcome, statSync(path).size),
    ...(cut === null ? {} : { damage: JSON.stringify({ reason: cut }) }),
    ...(reader.leftOut.length === 0 ? {} : { left_out: JSON.stringify(reader.leftOut) }),
  });
  writer.close({ end: String(reader.end) });
  return { events, ...outcome };
}

function notesOf({ cut, leftOut }: Outcome, size: number): string {
  const damage = cut === null ? null : `the file is damaged: ${cut}; what comes before is here (${size} bytes)`;
  return [damage, leftOut].filter((note) => note !== null).join('; ');
}

/** Imports beside the target first, so that what is there is whole. What is missing of the file is for who opens the target to tell. */
export async function importInto(path: string, target: string): Promise<ImportResult> {
  const part = `${target}.${process.pid}.part`;
  const progress = new Progress(`importing ${sanitize(path)}`);
  try {
    const result = await withQuickCode(path, () => importScap(path, part, (share) => progress.update(share)));
    renameSync(part, target);
    progress.end();
    return result;
  } finally {
    progress.end();
    rmSync(part, { force: true });
  }
}
