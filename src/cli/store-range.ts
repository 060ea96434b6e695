/** Which recordings of a store are asked, and which stretch of them: the address says, and `--node`. */
import { CaptureError } from '../capture/error.ts';
import type { StoreAddress } from '../cluster/address.ts';
import type { StoreClient } from '../cluster/client.ts';
import type { WallRange } from '../cluster/pull.ts';
import { type Recording, recordings } from '../cluster/recording.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { UsageError } from './exit.ts';
import { parseDate } from './moment.ts';
import { chosenNodes } from './nodes.ts';
import { chosenTimes, wallText } from './times.ts';

/** Those that have a part in the range. Throws CaptureError where there is none. */
export async function chosenRecordings(client: StoreClient, address: StoreAddress, range: WallRange): Promise<Recording[]> {
  const all = await recordings(client, [...address.nodes, ...chosenNodes()]);
  const found = all.filter(({ epoch, begin, end }) => {
    const [first, last] = [epoch + BigInt(begin), epoch + BigInt(end)];
    return (range.to === null || first <= range.to) && (range.from === null || last >= range.from);
  });
  if (found.length > 0) {
    sayOverlaps(found);
    return found;
  }
  if (all.length > 0) throw new CaptureError(address.name, `has nothing of that time: its recordings are of ${timesOf(all)}`);
  const nodes = [...new Set((await recordings(client, [])).map(({ node }) => node))];
  throw new CaptureError(
    address.name,
    nodes.length === 0 ? 'has no recording' : `has no such recording; there are some of ${nodes.join(', ')}`,
  );
}

const timeOf = ({ epoch }: Recording, ns: number): string => new Date(Number((epoch + BigInt(Math.round(ns))) / 1_000_000n)).toISOString();

/** From when to when there are some. */
function timesOf(all: readonly Recording[]): string {
  const from = all.map((one) => timeOf(one, one.begin)).sort();
  const to = all.map((one) => timeOf(one, one.end)).sort();
  return `${from[0]} to ${to.at(-1)}`;
}

const toldOf = new Set<string>();

/** Which of two is meant by node:event is not to be seen. */
function sayOverlaps(found: readonly Recording[]): void {
  for (const [node, own] of Map.groupBy(found, (one) => one.node)) {
    const inOrder = own.toSorted((a, b) => (a.epoch + BigInt(a.begin) < b.epoch + BigInt(b.begin) ? -1 : 1));
    const overlaps = inOrder.some((one, k) => k > 0 && timeOf(one, one.begin) < timeOf(inOrder[k - 1]!, inOrder[k - 1]!.end));
    if (!overlaps || toldOf.has(node)) continue;
    toldOf.add(node);
    say(
      `${sanitize(node)} was recorded twice at one time: by two recorders, or two nodes have that name, and its event numbers mean either`,
    );
  }
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
