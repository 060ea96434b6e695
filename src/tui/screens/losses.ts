/** What is missing from the capture, and between which times; and what its recorder could not see at all. */
import { type ScreenRow, type ScreenSpec, screenColumn } from './screen.ts';

export const LOSSES: ScreenSpec = {
  id: 'losses',
  aliases: ['lost', 'blind-spots'],
  sentence: 'which events are missing, between which times, and why; and what could not be seen',
  filter: '',
  enter: 'events',
  instant: true,
  read: ({ capture }) => {
    const losses = [...capture.dims.losses.all()];
    const unseen = capture.blindSpots.map(({ what, reason }) => `not seen: ${what}${reason === '' ? '' : ` (${reason})`}`);
    return {
      head: [...(losses.length === 0 ? ['nothing was lost'] : []), ...unseen],
      columns: [
        screenColumn('events', 'count', null, 'how many there was no room for'),
        screenColumn('family', 'text', 'evt.family', 'what kind of events'),
        screenColumn('buffer', 'text', null, 'ring: the kernel’s buffer was full; queue: the probe’s; store: the collector’s'),
        screenColumn('from', 'time', null, 'the last moment before it'),
        screenColumn('to', 'time', null, 'the first moment after it'),
      ],
      rows: losses.map(
        ({ count, family, reason, from, to }): ScreenRow => ({
          cells: [count, family, reason, from, to],
          num: null,
          drill: `evt.family=${family} and evt.reltime>=${from} and evt.reltime<=${to}`,
        }),
      ),
    };
  },
};
