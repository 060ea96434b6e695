/** Name lookups, an attempt a row, those that cost most first. */
import { compileFilter } from '../../filter/compile.ts';
import { lookupsOf } from '../../lens/dns.ts';
import { type ScreenSpec, screenColumn } from './screen.ts';

export const DNS: ScreenSpec = {
  id: 'dns',
  aliases: ['lookups'],
  sentence: 'which names were tried, at which server, and what that cost',
  filter: '',
  enter: 'event',
  read: ({ capture, context, filter }) => {
    const attempts = lookupsOf(capture, compileFilter(filter, context)).flatMap((lookup) =>
      lookup.attempts.map((attempt) => ({ lookup, attempt })),
    );
    const comm = (thread: number) => capture.dims.threads.get(thread)?.comm ?? '';
    return {
      head:
        attempts.length > 0
          ? []
          : [filter === '' ? 'no lookup was made by a client in this capture' : 'no lookup of a client matches the filter'],
      columns: [
        screenColumn('time', 'ns', null, 'from the question to its answer, or until the client gave up'),
        screenColumn('when', 'bar', null, 'when it was, from the lookup’s first question to its last answer'),
        screenColumn('result', 'text', 'dns.lookup.result'),
        screenColumn('server', 'text', 'dns.server'),
        screenColumn('suffix', 'text', null, 'the search domain that was put behind the name; empty: the name as it was asked for'),
        screenColumn('qname', 'text', 'dns.qname'),
        screenColumn('name', 'text', 'proc.name'),
        screenColumn('num', 'num', 'evt.num'),
      ],
      rows: attempts
        .sort((a, b) => b.attempt.end - b.attempt.start - (a.attempt.end - a.attempt.start))
        .map(({ lookup, attempt }) => {
          const num = attempt.queries[0]?.num ?? null;
          const cells = [
            attempt.end - attempt.start,
            barOf(attempt, lookup.attempts),
            attempt.result,
            attempt.server,
            attempt.suffix,
            attempt.name,
            comm(lookup.thread),
            num,
          ];
          return { cells, num, drill: null };
        }),
    };
  },
};

/** Cells of a bar. */
const BAR = 12;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A span among those of one lookup: as many cells as its share, and one at least. */
function barOf({ start, end }: Span, all: readonly Span[]): string {
  const first = Math.min(...all.map((one) => one.start));
  const whole = Math.max(1, Math.max(...all.map((one) => one.end)) - first);
  const from = Math.min(BAR - 1, Math.floor((BAR * (start - first)) / whole));
  const to = Math.max(from + 1, Math.min(BAR, Math.round((BAR * (end - first)) / whole)));
  return '·'.repeat(from) + '█'.repeat(to - from) + '·'.repeat(BAR - to);
}
