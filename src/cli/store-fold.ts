/** Counts and rankings of a store's events, made by the store where its SQL decides the filter. Else the events are pulled, as for any question. */

import type { Range } from '../capture/select.ts';
import { storeAddress } from '../cluster/address.ts';
import { StoreClient } from '../cluster/client.ts';
import { countOf, type Fold, sumsOf, type Wanted, wallOf } from '../cluster/fold.ts';
import type { WallRange } from '../cluster/pull.ts';
import type { Recording } from '../cluster/recording.ts';
import { StoreStream } from '../cluster/stream.ts';
import type { Field } from '../event/fields/field.ts';
import type { CaptureContext } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import { type Question, rankedBy } from '../lens/ask.ts';
import { isFoldable, isOfNode, isScattered, neededFor, type Part, rankOfSums, withoutTimes } from '../lens/folded.ts';
import { argsOf, type LensTable, lensFilter } from '../lens/lens.ts';
import { groupFields } from '../lens/rank.ts';
import { DIMENSION_NAMES } from '../model/dimensions.ts';
import { newTables, type RowName } from '../model/rows.ts';
import { contextOf } from './capture-context.ts';
import { definitions } from './definitions.ts';
import { namespacesOf } from './namespaces.ts';
import { withProgress } from './progress.ts';
import { chosenRecordings, wallRange } from './store-range.ts';

/** What a filter is compiled for before it is known what there is. */
const nothing = (): CaptureContext => ({ dims: newTables(), epoch: 0n, hostname: '', growing: true, definitions: definitions() });

/** Recordings that are asked together: the server works at one while the rows of another are read. */
const AT_ONCE = 4;

/** What is asked of a store. `fields`: those that are shown. */
interface Asked {
  readonly name: string;
  readonly filter: string;
  readonly fields: readonly Field[];
}

/** What is asked of each recording. Null: it cannot be answered so. */
type OfRecording<T> = (client: StoreClient, fold: Fold, context: CaptureContext) => Promise<T | null>;

/** What is to be said of a filter. */
export const filterNotes = (filter: string): readonly string[] => compileFilter(filter, nothing()).notes;

/** How many events of a store match; null: they have to be looked at here. */
export async function storeCount(name: string, filter: string, range: (stream: StoreStream) => Range): Promise<number | null> {
  const counts = await ofEach({ name, filter, fields: [] }, range, countOf);
  return counts?.reduce((sum, count) => sum + count, 0) ?? null;
}

/** A ranking lens; null: it has to be made here. */
export async function storeRank({ lens, words = [], filter = '', instead = {} }: Question, name: string): Promise<LensTable | null> {
  if (lens.ask.kind !== 'rank') return null;
  const args = argsOf(lens, words);
  const by = rankedBy(lens.ask, args, instead);
  const measures = instead.measures ?? lens.ask.measures;
  const needed = neededFor(by, measures);
  if (needed === null) return null;
  const asked = { name, filter: lensFilter(lens, args, filter), fields: groupFields(by).map(({ bound }) => bound.field) };
  for (const timed of isScattered(measures) ? [false, true] : [true]) {
    const parts = await partsOf(asked, timed ? needed : withoutTimes(needed), timed);
    if (parts === null || !isFoldable(by, new Set(parts.map(({ context }) => context.hostname)).size)) return null;
    const table = rankOfSums(parts, by, measures, { epoch: parts[0]!.context.epoch, timed, most: instead.most });
    if (table !== null) return table;
  }
  return null;
}

/** Null: they have to be made here. */
function partsOf({ name, filter, fields }: Asked, wanted: Wanted, timed: boolean): Promise<Part[] | null> {
  return ofEach(
    { name, filter, fields },
    () => ({}),
    async (client, fold, context): Promise<Part | null> => {
      const sums = await sumsOf(client, fold, context, wanted);
      return sums === null ? null : { sums: timed ? sums : sums.map((one) => ({ ...one, ...everSince(fold.recording) })), context };
    },
  );
}

/** When its events were at all. */
const everSince = ({ begin }: Recording) => ({ earliest: begin, latest: Number.MAX_VALUE }); // before Infinity, until which what never changes lasts

/** Rows of these tell an event's fields nothing. */
const UNREAD: ReadonlySet<RowName> = new Set(['dnsSockets', 'resolvers', 'counters', 'losses', 'kubeEvents', 'nodeFacts']);

/** The tables whose rows may tell some of these fields. DNS messages, which may be many, tell those alone that look at others' rows. */
function tablesFor(fields: readonly Field[]): RowName[] {
  const names = fields.some(({ scope, needs = [] }) => scope === 'dns' || needs.length > 0);
  return DIMENSION_NAMES.filter((name) => !UNREAD.has(name) && (names || name !== 'dns'));
}

/** Null: of one of the recordings it cannot be answered so. */
async function ofEach<T>(
  { name, filter, fields }: Asked,
  rangeOf: (stream: StoreStream) => Range,
  ask: OfRecording<T>,
): Promise<T[] | null> {
  const address = storeAddress(name);
  const client = new StoreClient(address);
  client.endWithInterrupt();
  try {
    if (namespacesOf(address) !== null) return null;
    await client.check();
    const range = wallRange(address);
    const tables = tablesFor([...compileFilter(filter, nothing()).fields, ...fields]);
    const chosen = await chosenRecordings(client, address, range);
    return await withProgress(`asking ${address.name}`, async (onShare) => {
      const answers: T[] = [];
      for (let from = 0; from < chosen.length; from += AT_ONCE) {
        const some = chosen.slice(from, from + AT_ONCE);
        const streams = await StoreStream.openAll(client, some, range, tables);
        const found = await Promise.all(
          streams.map((stream, k) =>
            ofOne(client, { stream, recording: some[k]!, range, isAlone: chosen.length === 1 }, filter, rangeOf, ask),
          ),
        );
        for (const answer of found) {
          if (answer === null) return null;
          answers.push(answer);
        }
        onShare(answers.length / chosen.length);
      }
      return answers;
    });
  } finally {
    await client.close();
  }
}

interface One {
  readonly stream: StoreStream;
  readonly recording: Recording;
  readonly range: WallRange;
  /** It is the only one that is asked. */
  readonly isAlone: boolean;
}

async function ofOne<T>(
  client: StoreClient,
  { stream, recording, range, isAlone }: One,
  text: string,
  rangeOf: (stream: StoreStream) => Range,
  ask: OfRecording<T>,
): Promise<T | null> {
  const context = contextOf(stream);
  const filter = compileFilter(text, context);
  const within = rangeOf(stream);
  const isSame = isAlone || (Object.keys(within).length === 0 && !filter.fields.some(isOfNode));
  if (!isSame) return null;
  return ask(client, { recording, range: wallOf(recording, range, within), filter }, context);
}
