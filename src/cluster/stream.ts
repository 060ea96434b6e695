/** One recording in a store, asked once: the store gives what may match, our one evaluator decides. */
import { ALL_READ, type EventStream, type Outcome, type Question } from '../capture/event-stream.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { type Match, Matcher, type Range } from '../capture/select.ts';
import type { Field } from '../event/fields/field.ts';
import type { DimensionTables, RowName } from '../model/rows.ts';
import type { StoreClient } from './client.ts';
import { chunksOf, tablesOfAll, type WallRange, within } from './pull.ts';
import type { Recording } from './recording.ts';
import { mayMatch } from './where.ts';

/** Events that come first: some screens full, of what may match. */
const FIRST = 4096;

export class StoreStream implements EventStream {
  readonly #client: StoreClient;
  readonly #recording: Recording;
  readonly #range: WallRange;
  readonly dims: DimensionTables;

  private constructor(client: StoreClient, recording: Recording, range: WallRange, dims: DimensionTables) {
    this.#client = client;
    this.#recording = recording;
    this.#range = range;
    this.dims = dims;
  }

  static async open(client: StoreClient, recording: Recording, range: WallRange): Promise<StoreStream> {
    return (await StoreStream.openAll(client, [recording], range))[0]!;
  }

  /** Of several recordings, in their order. `names`: the tables that are needed. */
  static async openAll(
    client: StoreClient,
    recordings: readonly Recording[],
    range: WallRange,
    names?: readonly RowName[],
  ): Promise<StoreStream[]> {
    const tables = await tablesOfAll(client, recordings, range, names);
    return recordings.map((recording, k) => new StoreStream(client, recording, range, tables[k]!));
  }

  get path(): string {
    return this.#client.address.name;
  }

  get meta(): Readonly<Partial<CaptureMeta>> {
    return this.#recording.meta;
  }

  get epoch(): bigint {
    return this.#recording.epoch;
  }

  /** Not what is told by events that do not match: those stay where they are. */
  answers(fields: readonly Field[]): boolean {
    return fields.every(({ needs = [] }) => needs.every((need) => need === 'thread sizes'));
  }

  async read({ filter, range }: Question, onMatch: (match: Match) => boolean): Promise<Outcome> {
    const matcher = new Matcher(filter, range);
    const stop = new AbortController();
    const asking = { where: this.where(filter.plan, range), first: FIRST, signal: stop.signal };
    for await (const chunk of chunksOf(this.#client, this.#recording, asking)) {
      const match = matcher.next(chunk);
      if (match === null || onMatch(match)) continue;
      stop.abort();
      break;
    }
    return ALL_READ;
  }

  /** What the store is asked for: never less than matches. */
  where(plan: Question['filter']['plan'], { fromNum, toNum, fromTime, toTime }: Range = {}): string {
    const { dims, epoch, meta } = this;
    const wall = (ns: number | undefined, round: (value: number) => number) =>
      ns === undefined || !Number.isFinite(ns) ? null : epoch + BigInt(round(ns));
    const [from, to] = [wall(fromTime, Math.floor), wall(toTime, Math.ceil)];
    const parts = [
      within(this.#recording, this.#range),
      within(this.#recording, { from, to }),
      ...(fromNum === undefined ? [] : [`num >= ${Math.floor(fromNum)}`]),
      ...(toNum === undefined || toNum === Infinity ? [] : [`num <= ${Math.ceil(toNum)}`]),
      ...(plan === null ? [] : [mayMatch(plan, { dims, epoch, hostname: meta.hostname ?? '', growing: false })]),
    ];
    return parts.filter((part) => part !== null).join(' AND ');
  }

  close(): void {
    void this.#client.close();
  }
}
