/** A capture → the store: batches of whole chunks, of which each is stored once, however often it is sent. */
import type { Capture } from '../capture/capture.ts';
import type { CaptureContext } from '../event/view.ts';
import { CHUNK_EVENTS, type Chunk, OpenChunk } from '../model/chunk.ts';
import { DIMENSION_NAMES, DIMENSIONS, type TableSpec } from '../model/dimensions.ts';
import type { RowName, RowTypes } from '../model/rows.ts';
import type { StoreClient } from './client.ts';
import { EventBlocks } from './event-block.ts';
import { dayOf, type Recording, recordingId, recordings } from './recording.ts';
import { EVENT_COLUMNS, rowTable } from './schema.ts';
import { integer, recording } from './sql.ts';

/** An insert costs the server some 15 ms beside its rows, and what waits to be sent takes memory: some 100 bytes an event. */
const BATCH = 8 * CHUNK_EVENTS;
/** Dimension rows of one insert. */
const ROWS = 20_000;
const COLUMNS = EVENT_COLUMNS.map(([name]) => name);

export interface Pushed {
  readonly rec: string;
  readonly events: number;
  /** Of these: were not there before. */
  readonly stored: number;
}

/** Hears after each batch how many events are there. */
export type OnPushed = (events: number) => void;

export interface PushOptions {
  /** It was never sent before, so nobody looks what of it is there. */
  readonly fresh?: boolean;
  /** Only events above this number: those before are there. */
  readonly after?: number;
  readonly onPushed?: OnPushed;
}

export async function push(
  capture: Capture,
  context: CaptureContext,
  client: StoreClient,
  { fresh = false, after = 0, onPushed = () => {} }: PushOptions = {},
): Promise<Pushed> {
  const rec = recordingId(capture);
  const known = (await recordings(client, [capture.meta.hostname ?? '']).then((all) => all.find((one) => one.rec === rec))) ?? null;
  const again = known !== null && !fresh;
  if (again) await client.settled(rec);
  const batches = new Batches(capture, context, client, rec, again);
  if (known === null) await writeRecording(capture, client, rec, null, null);
  await writeRows(capture, client, rec);
  const out = new OpenChunk(BATCH, 1 << 22);
  for (const head of capture.heads(after)) {
    const chunk = capture.passingChunk(head);
    if (out.n + chunk.n > BATCH) await batches.send(out);
    out.takeRange(chunk, firstAbove(chunk, after), chunk.n);
    onPushed(batches.events);
  }
  await batches.send(out);
  const total = again ? await countOf(client, rec) : (known?.events ?? 0) + batches.stored; // a push that broke off has left some uncounted
  await writeRecording(capture, client, rec, known, { total, earliest: batches.earliest });
  return { rec, events: batches.events, stored: batches.stored };
}

/** Index of the first event with a larger number. */
function firstAbove({ num, n }: Chunk, after: number): number {
  let i = 0;
  while (i < n && num[i]! <= after) i++;
  return i;
}

class Batches {
  readonly #client: StoreClient;
  readonly #blocks: EventBlocks;
  readonly #rec: string;
  readonly #epoch: bigint;
  /** An earlier push may have left some of it. */
  readonly #again: boolean;
  events = 0;
  stored = 0;
  /** ns since the recording's start of the earliest event. */
  earliest = Infinity;

  constructor(capture: Capture, context: CaptureContext, client: StoreClient, rec: string, again: boolean) {
    this.#client = client;
    this.#blocks = new EventBlocks(context, rec);
    this.#rec = rec;
    this.#epoch = capture.epoch;
    this.#again = again;
  }

  /** Sends what is not there yet, and empties the batch. */
  async send(batch: OpenChunk): Promise<void> {
    this.earliest = Math.min(this.earliest, extent(batch.time, batch.n)[0]);
    const missing = this.#again ? await this.#missing(batch) : batch;
    if (missing.n > 0) await this.#client.insertBlock('event', COLUMNS, this.#blocks.of(missing), this.#rec);
    this.events += batch.n;
    this.stored += missing.n;
    batch.clear();
  }

  async #missing(batch: OpenChunk): Promise<Chunk & { readonly n: number }> {
    if (batch.n === 0) return batch;
    const there = await this.#there(batch);
    if (there.size === 0) return batch;
    const rest = new OpenChunk(batch.n, 1 << 16);
    for (let i = 0; i < batch.n; i++) if (!there.has(batch.num[i]!)) rest.take(batch, i);
    return rest;
  }

  async #there({ num, time, n }: Chunk): Promise<ReadonlySet<number>> {
    const [from, to] = extent(time, n);
    const rows = await this.#client.rows<{ num: string }>(
      `SELECT num FROM ${this.#client.database}.event WHERE rec = ${recording(this.#rec)}` +
        ` AND num >= ${integer(num[0]!)} AND num <= ${integer(num[n - 1]!)}` +
        ` AND time >= ${integer(this.#epoch + BigInt(from))} AND time <= ${integer(this.#epoch + BigInt(to))}`,
    );
    return new Set(rows.map((row) => Number(row.num)));
  }
}

function extent(values: Float64Array, n: number): [min: number, max: number] {
  let [min, max] = [Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    min = Math.min(min, values[i]!);
    max = Math.max(max, values[i]!);
  }
  return [min, max];
}

async function countOf(client: StoreClient, rec: string): Promise<number> {
  const [row] = await client.rows<{ n: string }>(`SELECT count() AS n FROM ${client.database}.event WHERE rec = ${recording(rec)}`);
  return Number(row!.n);
}

/** Of a recording's events: how many are there, and when the earliest was, ns since its start. */
interface Sent {
  readonly total: number;
  readonly earliest: number;
}

/** `known`: what is there of it, such as its earlier files. `sent`: null before any event: until then it ends where it begins. No event was before it begins. */
async function writeRecording(
  capture: Capture,
  client: StoreClient,
  rec: string,
  known: Recording | null,
  sent: Sent | null,
): Promise<void> {
  const { epoch } = capture;
  const { begin: own = '0', ...rest } = capture.meta;
  const end = Math.max(known?.end ?? 0, Number(rest.end) || (capture.last()?.time ?? 0));
  const said = Math.min(known === null ? Infinity : Number(known.meta.begin ?? 0), Number(own));
  const begin = Math.min(known?.begin ?? Infinity, said, sent?.earliest ?? Infinity);
  const newest = known === null || end > known.end ? rest : { ...known.meta, begin: undefined };
  const meta = { ...newest, ...(said > 0 ? { begin: String(said) } : {}) };
  const row = {
    ...{ rec, day: dayOf(epoch + BigInt(Math.round(end))), v: version(), node: meta.hostname ?? '', epoch: String(epoch) },
    ...{
      begin,
      end: Math.round(sent === null ? begin : end),
      events: sent?.total ?? 0,
      state: meta.state ?? 'recording',
      meta: JSON.stringify(meta),
    },
  };
  await client.insertRows('recording', [row]);
}

/** Later ones replace earlier ones. */
const version = (): number => Date.now();

async function writeRows(capture: Capture, client: StoreClient, rec: string): Promise<void> {
  const end = Number(capture.meta.end) || (capture.last()?.time ?? 0);
  const common = { rec, day: dayOf(capture.epoch + BigInt(Math.round(end))), v: version() };
  for (const name of DIMENSION_NAMES) {
    const rows = rowsOf(capture, name).map((row) => ({ ...common, ...row }));
    for (let from = 0; from < rows.length; from += ROWS) await client.insertRows(rowTable(name), rows.slice(from, from + ROWS));
  }
}

function rowsOf<Name extends RowName>({ dims }: Capture, name: Name): Record<string, unknown>[] {
  const spec: TableSpec<RowTypes[Name]> = DIMENSIONS[name];
  return Array.from(dims[name].all(), (row) => stored(spec, row));
}

/** A row as its table has it. */
function stored<Row>({ columns }: TableSpec<Row>, row: Row): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(({ field, kind }) => {
      const value: unknown = row[field];
      if (value === null || value === undefined) return [field, null];
      if (kind === 'json' || kind === 'shared') return [field, JSON.stringify(value)];
      if (kind === 'integer') return [field, Math.round(Number(value))]; // of times some captures have fractions of a ns, which no Int64 takes
      return [field, kind === 'boolean' ? Number(value) : value];
    }),
  );
}
