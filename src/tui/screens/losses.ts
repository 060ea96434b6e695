/** What is missing from the capture, and between which times. */
import type { ScreenSpec } from './screen.ts';

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
        { name: 'events', unit: 'count', key: false },
        { name: 'evt.family', unit: 'text', key: true },
        { name: 'buffer', unit: 'text', key: false },
        { name: 'from', unit: 'ns', key: false },
        { name: 'to', unit: 'ns', key: false },
      ],
      rows: losses.map(({ count, family, reason, from, to }) => ({ cells: [count, family, reason, from, to], num: null })),
    };
  },
};
