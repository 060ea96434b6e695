/** Name lookups, an attempt a row, those that cost most first. */
import { lookupsOf } from '../../lens/dns.ts';
import type { ScreenSpec } from './screen.ts';

export const DNS: ScreenSpec = {
  id: 'dns',
  aliases: ['lookups'],
  sentence: 'which names were tried, at which server, and what that cost',
  filter: '',
  enter: 'event',
  read: ({ capture, filter }) => {
    const attempts = lookupsOf(capture, filter).flatMap((lookup) => lookup.attempts.map((attempt) => ({ lookup, attempt })));
    const comm = (thread: number) => capture.dims.threads.get(thread)?.comm ?? '';
    return {
      head: attempts.length === 0 ? ['no lookup was made by a client in this capture'] : [],
      columns: [
        { name: 'time', unit: 'ns', key: false },
        { name: 'dns.lookup.result', unit: 'text', key: false },
        { name: 'dns.server', unit: 'text', key: false },
        { name: 'suffix', unit: 'text', key: false },
        { name: 'dns.qname', unit: 'text', key: true },
        { name: 'proc.name', unit: 'text', key: false },
        { name: 'evt.num', unit: 'count', key: false },
      ],
      rows: attempts
        .sort((a, b) => b.attempt.end - b.attempt.start - (a.attempt.end - a.attempt.start))
        .map(({ lookup, attempt }) => {
          const num = attempt.queries[0]?.num ?? null;
          const cells = [
            attempt.end - attempt.start,
            attempt.result,
            attempt.server,
            attempt.suffix,
            attempt.name,
            comm(lookup.thread),
            num,
          ];
          return { cells, num };
        }),
    };
  },
};
