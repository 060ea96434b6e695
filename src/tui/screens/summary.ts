/** What is in the capture, on one page; each line leads to the screen that says more. */
import { type Capture, captureEnd } from '../../capture/capture.ts';
import type { CaptureContext } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { rank } from '../../lens/rank.ts';
import { spanText } from '../../model/time.ts';
import { sizeText } from '../../output/cell.ts';
import { countText } from '../kit/text.ts';
import { type ScreenRow, type ScreenSpec, screenColumn } from './screen.ts';

const TOP = 3;

interface Part {
  readonly title: string;
  readonly by: readonly string[];
  readonly measure: 'count' | 'time' | 'bytes' | 'errors';
  readonly filter: string;
  readonly to: string;
}

// biome-ignore format: a table
const PARTS: readonly Part[] = [
  { title: 'busiest pods', by: ['k8s.ns.name', 'k8s.pod.name'], measure: 'count', filter: '', to: 'pods' },
  { title: 'busiest containers', by: ['container.id'], measure: 'count', filter: '', to: 'containers' },
  { title: 'time in calls', by: ['proc.name', 'proc.pid'], measure: 'time', filter: '', to: 'processes' },
  { title: 'bytes', by: ['fd.name'], measure: 'bytes', filter: 'evt.is_io=true and evt.failed=false', to: 'descriptors' },
  { title: 'failed calls', by: ['evt.res', 'evt.type', 'proc.name'], measure: 'count', filter: 'evt.failed=true and not evt.res in (EAGAIN, EINPROGRESS, EINTR)', to: 'failures' },
  { title: 'most frequent', by: ['evt.type'], measure: 'count', filter: '', to: 'calls' },
];

export const SUMMARY: ScreenSpec = {
  id: 'summary',
  aliases: ['info'],
  sentence: 'what this capture holds, and what it lacks',
  filter: '',
  enter: 'screen',
  read: ({ capture, context, filter }) => ({
    head: [],
    columns: [
      screenColumn('what', 'text', null, 'what the line is about'),
      screenColumn('how much', 'text', null, 'how much of it there is'),
      screenColumn('of', 'text', null, 'what it is: the most frequent first'),
      screenColumn('screen', 'text', null, 'where Enter leads'),
    ],
    rows: [...facts(capture), ...PARTS.flatMap((part) => partRows(part, capture, context, filter))],
  }),
};

function line(what: string, much: string, of: string, to: string): ScreenRow {
  return { cells: [what, much, of, to], num: null, drill: null, to };
}

function facts(capture: Capture): ScreenRow[] {
  const { dims, meta } = capture;
  let lost = 0;
  for (const { count } of dims.losses.all()) lost += count;
  const missing = (meta.notes ?? '').split('\n').filter((note) => note !== '');
  return [
    line('recorded', spanText(captureEnd(capture)), [meta.hostname, meta.kernel].filter(Boolean).join(', kernel '), 'events'),
    line('events', countText(capture.last()?.count ?? 0), meta.filter ? `only ${meta.filter}` : 'everything', 'events'),
    line('lost', countText(lost), lost === 0 ? 'nothing' : 'events that no buffer had room for', 'losses'),
    ...(missing.length === 0 ? [] : [line('could not be seen', countText(missing.length), missing[0]!, 'losses')]),
    line('name lookups', countText(dims.dns.size), 'messages', 'dns'),
  ];
}

function partRows({ title, by, measure, filter, to }: Part, capture: Capture, context: CaptureContext, kept: string): ScreenRow[] {
  const whole = filter === '' || kept === '' ? filter + kept : `(${filter}) and (${kept})`;
  const rows = [...rank(capture, compileFilter(whole, context), by, [measure], TOP).items];
  const text = (value: number) => (measure === 'time' ? spanText(value) : measure === 'bytes' ? sizeText(value) : countText(value));
  return rows.map(([value, ...keys], i) => line(i === 0 ? title : '', text(Number(value)), keys.join(' '), to));
}
