/** Containers with what they did, and what they are called. */
import type { Capture } from '../../capture/capture.ts';
import { compileFilter } from '../../filter/compile.ts';
import { rank } from '../../lens/rank.ts';
import { ABOUT_PLACE, USED } from './rankings.ts';
import { type ScreenSpec, screenColumn } from './screen.ts';
import { MOST_ROWS, tableOf } from './tables.ts';

/** Characters by which a container's id is known. */
const SHORT_ID = 12;

export const CONTAINERS: ScreenSpec = {
  id: 'containers',
  aliases: ['container', 'co'],
  sentence: 'which containers were busy, and with how much',
  filter: '',
  enter: { to: 'processes' },
  keys: ABOUT_PLACE,
  read: ({ capture, context, filter }) => {
    const table = tableOf(rank(capture, compileFilter(filter, context), ['container.id'], [...USED, 'distinct(proc.pid)'], MOST_ROWS));
    const names = namesIn(capture);
    return {
      ...table,
      columns: [
        ...table.columns,
        screenColumn('name', 'text', 'container.name', 'as its runtime or its pod calls it; empty: nobody said'),
        screenColumn('image', 'text', 'container.image', 'what it was made of'),
      ],
      rows: table.rows.map((row) => {
        const known = names.get(String(row.cells.at(-1)));
        return { ...row, cells: [...row.cells, known?.name ?? null, known?.image ?? null] };
      }),
    };
  },
};

function namesIn({ dims }: Capture): Map<string, { readonly name: string; readonly image: string }> {
  return new Map([...dims.containers.all()].map(({ container, name, image }) => [container.slice(0, SHORT_ID), { name, image }]));
}
