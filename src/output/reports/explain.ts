/** An explanation as a report of one item: where the time went, in words for people and as data for programs. */
import type { Origin } from '../../capture/capture.ts';
import { LIST } from '../../capture/opener.ts';
import type { Explanation } from '../../explain/explain.ts';
import type {
  Confidence,
  DnsPhase,
  Failure,
  JudgedCause,
  Peer,
  Phase,
  ProcessName,
  SocketPhase,
  Story,
  Trouble,
} from '../../explain/story.ts';
import { type Epoch, SECOND, spanText } from '../../model/time.ts';
import { column, record, records } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';
import { sanitize } from '../printable.ts';
import { sentenceOf } from '../sentences.ts';
import { nothingLines, storyLines, storyMarkdown } from '../story.ts';

/** Other tasks that are named below the story. */
const OTHERS = 3;
const NULLABLE = { nullable: true } as const;
const OPTIONAL = { optional: true } as const;

const PROCESS: readonly Column<ProcessName>[] = [
  column('pid', 'number', '', (p) => p.pid),
  column('comm', 'text', 'its name', (p) => p.comm),
];

const TROUBLE: readonly Column<Trouble>[] = [
  column('num', 'num', '', (t) => t.num),
  column('time', 'time', 'when', (t) => t.time),
  column('type', 'text', 'tcp_retransmit, packet_drop …', (t) => t.type),
  column('reason', 'text', 'why the kernel dropped it', (t) => t.reason),
  column('tuple', 'text', 'source and destination', (t) => t.tuple),
];

const PEER: readonly Column<Peer>[] = [
  record('process', 'who was at the other end', PROCESS, (p) => p.process),
  column('pod', 'text', 'namespace/name', (p) => p.pod, NULLABLE),
  column('node', 'text', 'in a capture of several nodes', (p) => p.node ?? undefined, OPTIONAL),
  column('address', 'text', 'its own', (p) => p.address),
  column('received', 'time', 'when it had the request', (p) => p.received, NULLABLE),
  column('answered', 'time', 'when it answered', (p) => p.answered, NULLABLE),
  column('nums', 'num', 'events that show it', (p) => p.nums, { many: true }),
  records(
    'phases',
    'what it did meanwhile',
    () => PHASE,
    (p) => p.phases,
  ),
];

const SOCKET: readonly Column<SocketPhase>[] = [
  column('local', 'text', 'own end', (s) => s.local),
  column('remote', 'text', 'other end', (s) => s.remote),
  column('outcome', 'text', 'answered, closed, failed, given up, open', (s) => s.outcome),
  column('error', 'text', 'of errno', (s) => s.error, NULLABLE),
  record('peer', 'the other end, where it was recorded', PEER, (s) => s.peer, NULLABLE),
  records('trouble', 'what the kernel said of its packets', TROUBLE, (s) => s.trouble),
];

const DNS: readonly Column<DnsPhase>[] = [
  column('name', 'text', 'that was tried', (d) => d.attempt.name),
  column('suffix', 'text', 'the search domain in it', (d) => d.attempt.suffix),
  column('result', 'text', 'NOERROR, NXDOMAIN, TIMEOUT …', (d) => d.attempt.result),
  column('tries', 'ns', 'each sending until the next, or the end', (d) => d.tries.map(({ duration }) => duration), { many: true }),
];

const EVENTS: readonly Column<Phase>[] = [
  column('first', 'num', '', (p) => p.first),
  column('last', 'num', '', (p) => p.last),
  column('count', 'count', '', (p) => p.count),
];

const PHASE: readonly Column<Phase>[] = [
  column('kind', 'text', 'what the time was spent on', (p) => p.kind),
  column('what', 'text', 'a name, an address, a path', (p) => p.what),
  column('start', 'time', '', (p) => p.start),
  column('duration', 'ns', 'of the path', (p) => p.duration),
  record('events', 'that show it', EVENTS, (p) => p),
  record('process', 'where that is another than the story’s', PROCESS, (p) => p.process ?? undefined, OPTIONAL),
  record('dns', 'of a lookup', DNS, (p) => p.dns ?? undefined, OPTIONAL),
  record('socket', 'of a connection', SOCKET, (p) => p.socket ?? undefined, OPTIONAL),
];

const CONFIDENCE: readonly Column<Confidence>[] = [
  column('value', 'share', '0 to 1', (c) => c.value),
  column('because', 'text', 'why it is not higher', (c) => c.because, { many: true }),
  column('confirm', 'text', 'what would confirm it', (c) => c.confirm),
];

const CAUSE: readonly Column<JudgedCause>[] = [
  column('id', 'text', 'its stable name', (c) => c.id),
  column('sentence', 'text', 'what happened', sentenceOf),
  column('cost', 'ns', 'what it took; 0: it failed at once', (c) => c.cost),
  column('nums', 'num', 'events that show it', (c) => c.nums, { many: true }),
  record('confidence', 'how sure it is', CONFIDENCE, (c) => c.sure),
  column('fixes', 'text', 'what to do, best first', (c) => c.fixes, { many: true }),
];

const FAILURE: readonly Column<Failure>[] = [
  column('evt.num', 'num', '', (f) => f.num),
  column('call', 'text', '', (f) => f.call),
  column('error', 'text', 'of errno', (f) => f.error),
  column('what', 'text', 'what it was about', (f) => f.what),
];

const ORIGIN: readonly Column<readonly [number, Origin]>[] = [
  column('evt.num', 'num', 'in the capture of several', ([num]) => num),
  column('node', 'text', '', ([, origin]) => origin.node),
  column('num', 'num', 'in its node’s own capture', ([, origin]) => origin.num),
];

const STORY: readonly Column<Story>[] = [
  column('proc.pid', 'number', '', (s) => s.process.pid),
  column('proc.name', 'text', '', (s) => s.process.comm),
  column('command', 'text', 'command line', (s) => s.command),
  column('pod', 'text', 'namespace/name', (s) => s.pod, NULLABLE),
  column('scope', 'text', 'why these limits: life, request, wait, asked', (s) => s.scope),
  column('exit', 'number', 'exit status, where it ended', (s) => s.exit, NULLABLE),
  column('start', 'time', '', (s) => s.start),
  column('latency', 'ns', 'from start to end', (s) => s.end - s.start),
  records('causes', 'dearest first', CAUSE, (s) => s.causes),
  record('confidence', 'in the first cause', CONFIDENCE, (s) => s.confidence, NULLABLE),
  records('phases', 'the critical path', PHASE, (s) => s.phases),
  records('failures', 'calls that failed and that nothing made good', FAILURE, (s) => s.failures),
  column('unseen', 'text', 'what could not be seen', (s) => s.unseen, { many: true }),
  records(
    'origins',
    'in a capture of several nodes: where the events named here came from',
    ORIGIN,
    (s) => (s.origins.size === 0 ? undefined : [...s.origins]),
    OPTIONAL,
  ),
];

export const EXPLAIN_DOC = 'where the time went, why, what to do about it';

export const EXPLAIN_COLUMNS: readonly Column<Explanation>[] = [
  column('over', 'ns', 'waits counted from this duration on', (e) => e.over),
  record('story', 'null: nothing waited that long, and nothing failed', STORY, (e) => e.story, NULLABLE),
  record('own', 'then: how the command that was recorded spent most of its time by itself', STORY, (e) => e.own, NULLABLE),
];

export function explanationReport(explanation: Explanation, epoch: Epoch): Report<Explanation> {
  return {
    id: 'explain',
    columns: EXPLAIN_COLUMNS,
    items: [explanation],
    epoch,
    blocks: {
      table: (all) =>
        all.story === null ? nothingFound(all, (own) => storyLines(own, epoch)) : [...storyLines(all.story, epoch), ...othersLines(all)],
      markdown: (all) => (all.story === null ? nothingFound(all, (own) => storyMarkdown(own, epoch)) : storyMarkdown(all.story, epoch)),
    },
  };
}

/** Nobody is to be blamed; where the command's time went by itself, that is the answer. */
function nothingFound({ own, over, looked }: Explanation, tell: (own: Story) => string[]): string[] {
  return [...(own === null ? [] : [...tell(own), '']), ...nothingLines(over, looked)];
}

function othersLines({ others }: Explanation): string[] {
  const more = others.slice(0, OTHERS).map(({ pid, waited }) => `--pid ${pid} (${spanText(waited)})`);
  return more.length === 0 ? [] : ['', `Others waited, too: ${more.join(', ')}`];
}

export const STORIES_COLUMNS: readonly Column<Story>[] = STORY;

/** Several stories, each with the command that opens it. `over`: as it was asked for. */
export function storiesReport(stories: readonly Story[], path: string, over: string, epoch: Epoch): Report<Story> {
  return {
    id: 'stories',
    columns: STORIES_COLUMNS,
    items: stories,
    epoch,
    blocks: { table: (story, i) => listedLines(story, i, path, over) },
    empty: `Nothing waited longer than ${over} for what it had asked for.`,
  };
}

function listedLines({ process, scope, start, end, causes }: Story, i: number, path: string, over: string): string[] {
  const [first] = causes;
  const sentence = first === undefined ? `${process.comm} (${process.pid}) waited; no single cause stands out.` : sentenceOf(first);
  const seconds = (ns: number) => (ns / SECOND).toFixed(6);
  const range = scope === 'life' ? '' : ` --from ${seconds(start)} --to ${seconds(end)}`;
  const from = over === '100ms' ? '' : ` --over ${over}`;
  return [
    `${i + 1}. ${sanitize(sentence)}`,
    `   trowel explain ${path.split(LIST).map(sanitize).join(' ')} --pid ${process.pid}${range}${from}`,
  ];
}
