/** Which recordings of a store are asked, and which stretch of them: the address says, and `--node`. */
import { CaptureError } from '../capture/error.ts';
import type { StoreAddress } from '../cluster/address.ts';
import type { StoreClient } from '../cluster/client.ts';
import type { WallRange } from '../cluster/pull.ts';
import { type Recording, recordings } from '../cluster/recording.ts';
import { UsageError } from './exit.ts';
import { parseDate } from './moment.ts';
import { chosenNodes } from './nodes.ts';
import { sayOverlaps } from './overlaps.ts';
import { chosenTimes, wallText } from './times.ts';

/** Those that have a part in the range. Throws CaptureError where there is none. */
export async function chosenRecordings(client: StoreClient, address: StoreAddress, range: WallRange): Promise<Recording[]> {
  const all = await recordings(client, [...address.nodes, ...chosenNodes()]);
  const found = all.filter(({ epoch, begin, end }) => {
    const [first, last] = [epoch + BigInt(begin), epoch + BigInt(end)];
    return (range.to === null || first <= range.to) && (range.from === null || last >= range.from);
  });
  if (found.length > 0) {
    sayOverlaps(found.map(({ node, epoch, begin, end }) => ({ node, from: wallOf(epoch, begin), to: wallOf(epoch, end) })));
    return found;
  }
  if (all.length > 0) throw new CaptureError(address.name, `has nothing of that time: its recordings are of ${timesOf(all)}`);
  const nodes = [...new Set((await recordings(client, [])).map(({ node }) => node))];
  throw new CaptureError(
    address.name,
    nodes.length === 0 ? 'has no recording' : `has no such recording; there are some of ${nodes.join(', ')}`,
  );
}

const wallOf = (epoch: bigint, ns: number): bigint => epoch + BigInt(Math.round(ns));

const timeOf = ({ epoch }: Recording, ns: number): string => new Date(Number(wallOf(epoch, ns) / 1_000_000n)).toISOString();

/** From when to when there are some. */
function timesOf(all: readonly Recording[]): string {
  const from = all.map((one) => timeOf(one, one.begin)).sort();
  const to = all.map((one) => timeOf(one, one.end)).sort();
  return `${from[0]} to ${to.at(-1)}`;
}

/** The options come before what the address says. */
export function wallRange({
  from: addressFrom,
  to: addressTo,
}: {
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
}): WallRange {
  const { from = addressFrom, to = addressTo } = chosenTimes();
  const time = (option: string, text: string | null | undefined) => (text === null || text === undefined ? null : wallTime(option, text));
  return { from: time('--from', from), to: time('--to', to) };
}

/** ns since 1970 of a date, or of `-15m`, before now. */
function wallTime(option: string, text: string): bigint {
  const date = parseDate(option, text.startsWith('-') ? wallText(text) : text);
  if (date === null) throw new UsageError(`${option} takes a date such as 2026-11-29T01:00:00Z, or -15m before now, not ${text}`);
  return date;
}
