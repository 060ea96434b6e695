/** A lookup as a small table: one line an attempt, with a bar for its place in time. */
import type { Attempt, Lookup } from '../dns/lookup.ts';
import type { Dimensions } from '../model/rows.ts';
import { spanText } from '../model/time.ts';
import { sanitize } from './printable.ts';
import { tableLines } from './table.ts';

const BAR_WIDTH = 20;

/** Who asked: `curl (4711)`. */
export function askerText(lookup: Lookup, dims: Dimensions): string {
  return `${sanitize(dims.threads.get(lookup.thread)?.comm ?? '<NA>')} (${lookup.pid})`;
}

/** The lookup's headline, its attempts, and what they cost. */
export function lookupLines(lookup: Lookup, dims: Dimensions): string[] {
  const { attempts } = lookup;
  const rows = attempts.map((attempt, i) => [
    `${i + 1}`,
    triedText(attempt, lookup),
    attempt.server,
    resultText(attempt),
    spanText(attempt.end - attempt.start),
    bar(attempt, lookup),
    attempt.queries.map(({ num }) => num).join(' '),
  ]);
  const outcome = sanitize(lookup.addresses.length > 0 ? lookup.addresses.join(' ') : lookup.result);
  const wasted = attempts.filter((attempt) => attempt.wasted).length;
  const head = `${askerText(lookup, dims)}  ${sanitize(lookup.name)}  →  ${outcome}  ${spanText(lookup.end - lookup.start)}`;
  const counts = `${attempts.length} name${attempts.length === 1 ? '' : 's'} tried, ${wasted} in vain`;
  const columns = [
    { title: '#' },
    { title: 'TRIED' },
    { title: 'SERVER' },
    { title: 'RESULT' },
    { title: 'TIME', align: 'right' as const },
    { title: `0 … ${spanText(lookup.end - lookup.start)}` },
    { title: 'QUERIES (evt.num)' },
  ];
  return [`${head}  (${counts})`, ...tableLines(columns, rows).map((line) => `  ${line}`), `  ${resolverText(lookup)}`];
}

function triedText({ name, suffix }: Attempt, lookup: Lookup): string {
  if (suffix === '') return lookup.attempts.length > 1 ? '(as asked)' : sanitize(name);
  return `….${sanitize(suffix)}`;
}

function resultText({ result, queries, late }: Attempt): string {
  const most = queries.reduce((sofar, { attempt }) => Math.max(sofar, attempt), 1);
  const notes = [most > 1 ? `${most} tries` : '', late === null ? '' : `answered after ${spanText(late)}, too late`].filter(
    (note) => note !== '',
  );
  return notes.length > 0 ? `${result} (${notes.join('; ')})` : result;
}

function bar({ start, end }: Attempt, lookup: Lookup): string {
  const total = Math.max(1, lookup.end - lookup.start);
  const from = Math.min(BAR_WIDTH - 1, Math.floor(((start - lookup.start) / total) * BAR_WIDTH));
  const length = Math.max(1, Math.round(((end - start) / total) * BAR_WIDTH));
  const mark = (end - start) / total < 0.02 ? '·' : '█';
  return ' '.repeat(from) + mark.repeat(Math.min(length, BAR_WIDTH - from));
}

function resolverText(lookup: Lookup): string {
  const { resolver } = lookup;
  const source = resolver.source === 'read' ? `resolv.conf as read in event ${resolver.num}` : 'resolver, as far as its queries show';
  const search = resolver.search.length === 0 ? 'no search list' : `search ${resolver.search.map(sanitize).join(' ')}`;
  return `${source}: ${search}; ndots:${resolver.ndots}; nameserver ${resolver.nameservers.map(sanitize).join(' ')}${lookup.library === 'unknown' ? '' : ` (${lookup.library})`}`;
}
