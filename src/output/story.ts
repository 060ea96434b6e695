/** An explanation as text: the sentence first, then where the time went, then what to do. */
import type { Looked } from '../explain/findings.ts';
import type { Origins } from '../explain/origins.ts';
import type { Cause, Phase, Story } from '../explain/story.ts';
import type { Survived } from '../explain/survived.ts';
import { redact } from '../model/redact.ts';
import { signalName } from '../model/signals.ts';
import { clockText, type Epoch, SECOND, spanText } from '../model/time.ts';
import { sanitize } from './printable.ts';
import { sentenceOf } from './sentences.ts';
import { type TableColumn, tableLines } from './table.ts';
import { name } from './words.ts';

/** Less of the time than this is summed up; of names and connections, each is shown. */
const SHOWN_SHARE = 0.005;
/** Characters of a command line that tell which it is. */
const COMMAND_SHOWN = 100;
/** A path of more phases than this is cut to the longest. */
const MAX_PHASES = 25;

const COLUMNS: readonly TableColumn[] = [
  { title: 'SHARE', align: 'right' },
  { title: 'TIME', align: 'right' },
  { title: 'WHERE' },
  { title: 'WHAT' },
  { title: 'EVENTS' },
];

export function storyLines(story: Story, epoch: Epoch): string[] {
  const [first, ...more] = story.causes;
  return [
    first === undefined ? 'No single cause stands out.' : sanitize(sentenceOf(first)),
    '',
    headline(story, epoch),
    '',
    ...tableLines(COLUMNS, phaseRows(story)).map((line) => `  ${line}`),
    ...section(
      'Also',
      more.map((cause) => sanitize(sentenceOf(cause))),
    ),
    ...section('What to do', fixes(story.causes)),
    ...section('Not seen', story.unseen.map(sanitize)),
    ...section('How sure', sureness(story).map(sanitize)),
    '',
    `Evidence: ${evidenceText(first, story.origins)}`,
  ].filter((line, i, all) => line !== '' || all[i - 1] !== '');
}

/** Nothing was found: what was looked at. “Nothing failed” is said only when it is so. */
export function nothingLines(over: number, { events, processes, failed, ended, endedBadly, survived, blind }: Looked): string[] {
  const times = failed.reduce((sum, row) => sum + row.times, 0);
  const shown = failed.slice(0, MOST_FAILED).map((row) => `${sanitize(row.what)} ×${row.times}`);
  const calls = times === 0 ? 'nothing failed' : `of ${times} failed calls none is known to have done harm (${shown.join(', ')})`;
  const ends = ended === 0 ? '' : `, ${ended} of which ended, ${endedBadly === 0 ? 'all with 0' : `${endedBadly} not with 0`}`;
  return [
    `Nothing waited longer than ${spanText(over)} for what it had asked for${blind.length === 0 ? '' : ', as far as was recorded'}, and ${calls}.`,
    ...survived.slice(0, MOST_FAILED).map((one) => sanitize(survivedText(one))),
    `Looked at ${events.toLocaleString('en')} events of ${processes} processes${ends}.`,
    ...blind.map((what) => sanitize(`Not seen: ${what}.`)),
  ];
}

const MOST_FAILED = 4;

function survivedText({ process, exit, said, by, again }: Survived): string {
  const how = `${name(process)} ended with ${exit}${said === '' ? '' : ` (“${said}”)`}`;
  return again
    ? `${how}, but ${name(by)}, which had started it, tried the same again, and that succeeded.`
    : `${how}, but ${name(by)}, which had started it, went on and ended with 0.`;
}

/** The same as Markdown, to be pasted into a ticket: without what looks like a secret. */
export function storyMarkdown(story: Story, epoch: Epoch): string[] {
  const [first, ...more] = story.causes;
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('`', '');
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  const bullets = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', `**${title}**`, '', ...lines.map((line) => `- ${markdownText(line)}`)];
  return [
    `### ${markdownText(first === undefined ? 'No single cause stands out.' : sentenceOf(first))}`,
    '',
    markdownText(redact(headline(story, epoch))),
    '',
    row(COLUMNS.map(({ title }) => title)),
    row(COLUMNS.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...phaseRows(story).map(row),
    ...bullets('Also', more.map(sentenceOf)),
    ...bullets('What to do', fixes(story.causes)),
    ...bullets('Not seen', story.unseen),
    ...bullets('How sure', sureness(story)),
    '',
    `Evidence: ${evidenceText(first, story.origins)}`,
  ];
}

/** What is special in Markdown or HTML loses its meaning. */
function markdownText(text: string): string {
  return sanitize(text).replace(/[\\`*_[\]<>#|]/g, (character) => `\\${character}`);
}

function headline(story: Story, epoch: Epoch): string {
  const { process, start, end, exit, signal } = story;
  const how = signal !== 0 ? ` by ${signalName(signal) || `signal ${signal}`}` : exit === 0 ? '' : ` with ${exit}`;
  const ended = exit === null ? '' : `, then ended${how}`;
  const whole = sanitize(story.command === '' ? process.comm : story.command);
  const command = whole.length > COMMAND_SHOWN ? `${whole.slice(0, COMMAND_SHOWN)}…` : whole;
  const pod = story.pod === null ? '' : ` in pod ${sanitize(story.pod)}`;
  return `${spanText(end - start)} of ${sanitize(process.comm)} (${process.pid})${pod}, from ${clockText(epoch, start)}${ended}: ${command}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line, i) => `  ${lines.length > 1 ? `${i + 1}. ` : ''}${line}`)];
}

function fixes(causes: readonly Cause[]): string[] {
  return [...new Set(causes.flatMap((cause) => cause.fixes))].map(sanitize);
}

const SURE = 0.85;
const LIKELY = 0.65;

/** In words, with why it is not more, and what would confirm it. */
function sureness({ confidence }: Story): string[] {
  if (confidence === null) return [];
  const word = confidence.value >= SURE ? 'sure' : confidence.value >= LIKELY ? 'likely' : 'a guess';
  if (confidence.value >= SURE && confidence.because.length === 0 && confidence.confirm === '') return [];
  const because = confidence.because.length === 0 ? '' : ` (${confidence.because.join('; ')})`;
  return [`${word}${because}${confidence.confirm === '' ? '' : `; to confirm: ${confidence.confirm}`}`];
}

function evidenceText(cause: Cause | undefined, origins: Origins): string {
  if (cause === undefined || cause.nums.length === 0) return 'the events in the table';
  const shown = cause.nums
    .slice(0, 12)
    .map((num) => eventText(num, origins))
    .join(', ');
  return `events ${shown}${cause.nums.length > 12 ? ` and ${cause.nums.length - 12} more` : ''}`;
}

/** One row a phase, with rows for the other side's part indented below; what is too short to matter is one row at the end. */
function phaseRows(story: Story): string[][] {
  const { origins } = story;
  const total = Math.max(1, story.end - story.start);
  const longest = new Set([...story.phases].sort((a, b) => b.duration - a.duration).slice(0, MAX_PHASES));
  const isShown = (phase: Phase) =>
    longest.has(phase) &&
    (phase.duration >= SHOWN_SHARE * total || phase.dns !== null || (phase.socket !== null && !phase.what.startsWith('/')));
  const rest = story.phases.filter((phase) => !isShown(phase));
  const rows = story.phases.filter(isShown).flatMap((phase) => [phaseRow(phase, total, origins), ...detailRows(phase, origins)]);
  const left = rest.reduce((sum, { duration }) => sum + duration, 0);
  return left === 0 ? rows : [...rows, [shareText(left, total), spanText(left), '', `${rest.length} shorter ones`, '']];
}

function phaseRow(phase: Phase, total: number, origins: Origins): string[] {
  return [shareText(phase.duration, total), spanText(phase.duration), kindText(phase), whatText(phase), numsText(phase, origins)];
}

function shareText(part: number, total: number): string {
  return `${((100 * part) / total).toFixed(1)} %`;
}

const KIND_TEXT: Readonly<Record<Phase['kind'], string>> = {
  dns: 'DNS',
  connect: 'connect',
  tls: 'TLS handshake',
  server: 'answer',
  file: 'file I/O',
  fifo: 'pipe open',
  datagram: 'datagram',
  sync: 'fsync',
  lock: 'lock',
  retry: 'retries',
  sleep: 'own sleep',
  poll: 'own polling',
  wait: 'wait',
  idle: 'idle',
  cpu: 'CPU',
};

function kindText({ kind, process }: Phase): string {
  return process === null ? KIND_TEXT[kind] : `${KIND_TEXT[kind]} (${sanitize(process.comm)})`;
}

function whatText({ what, dns, socket, kind }: Phase): string {
  if (dns !== null) return dnsText(dns);
  if (socket !== null) return `${sanitize(what)}${outcomeText(socket)}`;
  if (kind === 'cpu') return sanitize(what === '' ? 'computing, or waiting for a CPU' : what);
  return sanitize(what);
}

function dnsText({ attempt, lookup, tries }: NonNullable<Phase['dns']>): string {
  const name = attempt.suffix === '' ? (lookup.attempts.length > 1 ? `${attempt.name} (as asked)` : attempt.name) : `….${attempt.suffix}`;
  const again = tries.length > 1 ? `  (${tries.map(({ duration }) => spanText(duration)).join(' + ')})` : '';
  return `${sanitize(name)}  ${attempt.result}${again}`;
}

function outcomeText({ outcome, error, closed }: NonNullable<Phase['socket']>): string {
  if (error !== null) return `  ${error}`;
  if (closed) return '  closed by the other side';
  return outcome === 'answered' ? '' : outcome === 'open' ? '  unanswered when the capture ended' : '  given up';
}

function numsText({ first, last }: Phase, origins: Origins): string {
  return first === last ? eventText(first, origins) : `${eventText(first, origins)}–${laterText(last, first, origins)}`;
}

/** An event as its node's own capture numbers it: `node-2:71`; in a capture of one node, its number. */
function eventText(num: number, origins: Origins): string {
  const origin = origins.get(num);
  return origin === undefined ? `${num}` : `${sanitize(origin.node)}:${origin.num}`;
}

/** The same after another event: without the node, where that is the same. */
function laterText(num: number, before: number, origins: Origins): string {
  const origin = origins.get(num);
  return origin !== undefined && origins.get(before)?.node === origin.node ? `${origin.num}` : eventText(num, origins);
}

const eventsText = (nums: readonly number[], origins: Origins): string =>
  nums.map((num, i) => (i === 0 ? eventText(num, origins) : laterText(num, nums[i - 1]!, origins))).join(' ');

function detailRows({ dns, socket }: Phase, origins: Origins): string[][] {
  const detail = (text: string, nums: readonly number[]) => ['', '', '', `  └ ${text}`, eventsText(nums.slice(0, 6), origins)];
  if (dns !== null) return hopTexts(dns).map(({ text, nums }) => detail(text, nums));
  if (socket === null) return [];
  const { peer, trouble } = socket;
  const rows =
    trouble.length === 0
      ? []
      : [
          detail(
            troubleText(trouble),
            trouble.map(({ num }) => num),
          ),
        ];
  if (peer === null) return rows;
  const work = peer.phases
    .filter(({ duration }) => duration >= 1e6)
    .sort((a, b) => b.duration - a.duration)
    .slice(0, 3);
  const did = work.map((phase) => `${KIND_TEXT[phase.kind]} ${spanText(phase.duration)}`).join(', ');
  return [
    ...rows,
    detail(
      `${sanitize(peer.process.comm)} (${peer.process.pid})${peer.pod === null ? '' : ` in pod ${sanitize(peer.pod)}`}${peer.node === null ? '' : ` on ${sanitize(peer.node)}`} at ${peer.address}${did === '' ? '' : `: ${did}`}`,
      peer.nums,
    ),
  ];
}

function troubleText(trouble: NonNullable<Phase['socket']>['trouble']): string {
  const counts = new Map<string, number>();
  for (const { type, reason } of trouble)
    counts.set(`${type}${reason === '' ? '' : ` ${reason}`}`, (counts.get(`${type}${reason === '' ? '' : ` ${reason}`}`) ?? 0) + 1);
  return [...counts].map(([name, n]) => (n > 1 ? `${name} ×${n}` : name)).join(', ');
}

/** What each server did with the questions, most of it said once. */
function hopTexts({ hops, tries }: NonNullable<Phase['dns']>): { text: string; nums: number[] }[] {
  const first = hops[0];
  if (first === undefined) return [];
  const name = `${sanitize(first.hop.comm)} (${first.hop.pid})`;
  const forwards = [...new Map(hops.flatMap(({ hop }) => hop.forwards).map((row) => [row.id, row])).values()];
  const answered = hops.filter(({ hop }) => hop.answered !== null);
  const received = hops.map(({ hop }) => hop.received.num);
  if (forwards.length === 0) {
    if (answered.length === 0) return [{ text: `${name} received it and did not answer`, nums: received }];
    const slowest = Math.max(...answered.map(({ hop }) => hop.answered!.time - hop.received.time));
    return tries.length < 2 && slowest < 0.05 * SECOND ? [] : [{ text: `${name} answered after ${spanText(slowest)}`, nums: received }];
  }
  const silent = forwards.filter(({ partner }) => partner === null);
  const servers = [...new Set(forwards.map(({ server }) => server))].map(sanitize).join(' ');
  const how =
    silent.length === 0
      ? `answered after ${spanText(Math.max(...forwards.map(({ latency }) => latency ?? 0)))} at most`
      : `${silent.length} of ${forwards.length} never answered`;
  return [{ text: `${name} asked ${servers}: ${how}`, nums: forwards.map(({ num }) => num) }];
}
