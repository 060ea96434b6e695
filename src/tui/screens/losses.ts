/** What is missing from the capture, and between which times. */
import { type ScreenSpec, screenColumn } from './screen.ts';

export const LOSSES: ScreenSpec = {
  id: 'losses',
  aliases: ['lost'],
  sentence: 'which events are missing, between which times, and why',
  filter: '',
  enter: 'events',
  instant: true,
  read: ({ capture }) => {
    const losses = [...capture.dims.losses.all()];
    return {
      head: losses.length === 0 ? ['nothing was lost'] : [],
      columns: [
        screenColumn('events', 'count'),
        screenColumn('family', 'text', 'evt.family'),
        screenColumn('buffer', 'text'),
        screenColumn('from', 'ns'),
        screenColumn('to', 'ns'),
      ],
      rows: losses.map(({ count, family, reason, from, to }) => ({
        cells: [count, family, reason, from, to],
        num: null,
        drill: `evt.family=${family}`,
      })),
    };
  },
};
