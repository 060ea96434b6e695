/** Where a string was seen, as a report. */
import type { Trace } from '../../lens/trace-string.ts';
import { dotted } from '../../model/dotted.ts';
import { column } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';
import { jsonText } from '../printable.ts';

const PROGRAMS = { audience: 'programs' } as const;
const PEOPLE = { audience: 'people' } as const;

export const TRACE_DOC = 'one event, or several alike in a row, that had the string';

export const TRACE_COLUMNS: readonly Column<Trace>[] = [
  column('num', 'num', 'the first of them', (t) => t.num, PROGRAMS),
  column('last', 'num', 'the last of them', (t) => t.last, PROGRAMS),
  column('count', 'count', 'how many', (t) => t.count, PROGRAMS),
  column('time', 'time', 'when', (t) => t.time, PROGRAMS),
  column('comm', 'text', 'the process', (t) => t.comm, PROGRAMS),
  column('pid', 'number', 'its pid', (t) => t.pid, PROGRAMS),
  column('verb', 'text', 'wrote, read, asked, was asked, answered, was answered, ran, had', (t) => t.verb, PROGRAMS),
  column('kind', 'text', 'file, socket, unix, dns, process', (t) => t.kind, PROGRAMS),
  column('where', 'text', 'path, tuple or name', (t) => t.where, PROGRAMS),
  column('within', 'text', 'the kind of text that it was in, where that shows', (t) => t.within, PROGRAMS),
  column('excerpt', 'text', 'the bytes around it, as Latin-1', (t) => t.excerpt, PROGRAMS),
  column('events', 'text', '', ({ num, last, count }) => (count === 1 ? `${num}` : `${num}–${last} (${count})`), PEOPLE),
  column('time', 'time', '', (t) => t.time, PEOPLE),
  column('who', 'text', '', ({ comm, pid }) => `${comm} (${pid})`, PEOPLE),
  column('did', 'text', '', (t) => t.verb, PEOPLE),
  column('where', 'text', '', ({ kind, where }) => `${kind} ${where}`.trim(), PEOPLE),
  column('in', 'text', '', (t) => t.within, PEOPLE),
  column(
    'text',
    'text',
    '',
    (t) => (t.kind === 'dns' || t.kind === 'process' ? t.excerpt : dotted(Buffer.from(t.excerpt, 'latin1'))),
    PEOPLE,
  ),
];

export function traceReport(found: Iterable<Trace>, text: string, epoch: bigint): Report<Trace> {
  const empty = `no event of this capture has ${jsonText(text)} in its payload, name or command line`;
  return { id: 'trace-string', columns: TRACE_COLUMNS, items: found, epoch, empty };
}
