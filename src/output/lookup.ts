/** A lookup as a small table: one line an attempt, with a bar for its place in time; where servers or types differ, a line each. */
import { type Attempt, SILENT, type TcpUse } from '../dns/attempt.ts';
import type { Lookup } from '../dns/lookup.ts';
import type { Try } from '../dns/try.ts';
import type { Dimensions } from '../model/rows.ts';
import { spanText } from '../model/time.ts';
import { sanitize } from './printable.ts';
import { tableLines } from './table.ts';

const BAR_WIDTH = 20;
/** Of a question that was repeated more often, so many numbers of events are shown. */
const NUMS_SHOWN = 12;

/** Who asked: `curl (4711)`. */
export function askerText(lookup: Lookup, dims: Dimensions): string {
  return `${sanitize(dims.threads.get(lookup.thread)?.comm ?? '<NA>')} (${lookup.pid})`;
}

/** The lookup's headline, its attempts, and what they cost. */
export function lookupLines(lookup: Lookup, dims: Dimensions): string[] {
  const { attempts } = lookup;
  const outcome = sanitize(lookup.addresses.length > 0 ? lookup.addresses.join(' ') : lookup.result);
  const wasted = attempts.filter((attempt) => attempt.wasted).length;
  const head = `${askerText(lookup, dims)}  ${sanitize(lookup.name)}  →  ${outcome}  ${spanText(lookup.end - lookup.start)}`;
  const counts = `${attempts.length} name${attempts.length === 1 ? '' : 's'} tried, ${wasted} wasted`;
  const columns = [
    { title: '#' },
    { title: 'TRIED' },
    { title: 'SERVER' },
    { title: 'RESULT' },
    { title: 'TIME', align: 'right' as const },
    { title: `0 … ${spanText(lookup.end - lookup.start)}` },
    { title: 'QUERIES (evt.num)' },
  ];
  const rows = attempts.flatMap((attempt, i) => attemptRows(attempt, i + 1, lookup));
  return [
    `${head}  (${counts})`,
    ...tableLines(columns, rows).map((line) => `  ${line}`),
    `  ${resolverText(lookup)}`,
    ...lookup.contradictions.map((text) => `  but ${sanitize(text)}`),
  ];
}

function attemptRows(attempt: Attempt, n: number, lookup: Lookup): string[][] {
  const tried = triedText(attempt, lookup);
  const groups = isPlain(attempt) ? [] : groupsOf(attempt);
  if (groups.length < 2 && attempt.tcp === null) {
    const time = spanText(attempt.end - attempt.start);
    return [[`${n}`, tried, attempt.server, resultText(attempt), time, bar(attempt, lookup), numsText(attempt.tries)]];
  }
  const servers = new Set(attempt.tries.map(({ server }) => server));
  const head = [`${n}`, tried, servers.size > 1 ? `${servers.size} servers` : attempt.server, attempt.result];
  return [
    [...head, spanText(attempt.end - attempt.start), bar(attempt, lookup), ''],
    ...groups.map((group) => groupRow(group, lookup)),
    ...(attempt.tcp === null ? [] : [tcpRow(attempt.tcp, lookup)]),
  ];
}

/** All types were answered by one server, none of them after a repetition, and none with an error that another had not. */
function isPlain({ tries }: Attempt): boolean {
  const [first] = tries;
  if (tries.some(({ result }) => !isGood(result)) && new Set(tries.map(({ result }) => result)).size > 1) return false;
  return tries.every(({ server, nth, result, query }) => {
    const isSame = server === first!.server && query.transport === first!.query.transport;
    return isSame && nth === 1 && !SILENT.has(result) && result !== 'TRUNCATED';
  });
}

/** NODATA is a good answer for a type of which there is no record. */
function isGood(result: string): boolean {
  return result === 'NOERROR' || result === 'NODATA' || result === 'ANSWERED';
}

/** Tries that differ in nothing but when: of one type over one transport at one server with one result. */
function groupsOf({ tries }: Attempt): Try[][] {
  const byServer = new Map<string, Map<string, Try[]>>();
  for (const one of tries) {
    const key = `${one.server} ${one.query.transport} ${one.result} ${one.error} ${one.from}`;
    const byType = byServer.get(key) ?? new Map<string, Try[]>();
    byServer.set(key, byType);
    byType.set(one.qtype, [...(byType.get(one.qtype) ?? []), one]);
  }
  return [...byServer.values()].flatMap((byType) => {
    const types = [...byType.values()];
    return types.every(({ length }) => length === types[0]!.length) ? [types.flat()] : types;
  });
}

function groupRow(group: readonly Try[], lookup: Lookup): string[] {
  const [first] = group;
  const types = [...new Set(group.map(({ qtype }) => qtype))].join(' ');
  const span = { start: first!.start, end: group.reduce((latest, { end }) => Math.max(latest, end), first!.start) };
  const over = first!.query.transport === 'tcp' ? ' (TCP)' : '';
  return [
    '',
    `  ${types}`,
    `${first!.server}${over}`,
    triesText(group),
    spanText(span.end - span.start),
    bar(span, lookup),
    numsText(group),
  ];
}

function tcpRow(tcp: TcpUse, lookup: Lookup): string[] {
  const what = tcp.outcome === 'failed' ? `${tcp.error}` : tcp.outcome === 'unanswered' ? 'connection unanswered' : 'connected';
  return ['', '  TCP', tcp.server, what, spanText(tcp.end - tcp.start), bar(tcp, lookup), `${tcp.num}`];
}

function triedText({ name, suffix }: Attempt, lookup: Lookup): string {
  if (suffix === '') return lookup.attempts.length > 1 ? '(as asked)' : sanitize(name);
  return `….${sanitize(suffix)}`;
}

function resultText({ result, tries }: Attempt): string {
  return withNotes(result, tries);
}

function triesText(group: readonly Try[]): string {
  return withNotes(group[0]!.result, group);
}

/** `TIMEOUT (2 tries; answered after 1.3 s, too late)`. */
function withNotes(result: string, tries: readonly Try[]): string {
  const perType = new Map<string, number>();
  for (const { qtype } of tries) perType.set(qtype, (perType.get(qtype) ?? 0) + 1);
  const most = [...perType.values()].reduce((sofar, n) => Math.max(sofar, n), 1);
  const from = tries.find((one) => one.from !== null)?.from;
  const error = tries.find((one) => one.error !== null)?.error;
  const late = tries.reduce((longest, one) => Math.max(longest, one.late ?? 0), 0);
  const notes = [
    most > 1 ? `${most} tries` : '',
    error === undefined ? '' : `${error}`,
    from === undefined ? '' : `answered from ${from}`,
    late === 0 ? '' : `answered after ${spanText(late)}, too late`,
  ].filter((note) => note !== '');
  return notes.length > 0 ? `${result} (${notes.join('; ')})` : result;
}

function numsText(tries: readonly Try[]): string {
  const nums = [...new Set(tries.map(({ query }) => query.num))];
  return nums.length > NUMS_SHOWN ? `${nums.slice(0, NUMS_SHOWN).join(' ')} …` : nums.join(' ');
}

function bar({ start, end }: { readonly start: number; readonly end: number }, lookup: Lookup): string {
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
