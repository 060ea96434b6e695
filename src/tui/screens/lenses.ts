/** Every lens that needs no argument is a screen. */
import { LENSES } from '../../lens/index.ts';
import type { Lens, LensTable } from '../../lens/lens.ts';
import type { ScreenSpec, ScreenTable } from './screen.ts';

/** More rows than anybody scrolls through; the head says that there are more. */
const MOST_ROWS = 5000;

export const LENS_SCREENS: readonly ScreenSpec[] = LENSES.filter(({ args }) => args.length === 0).flatMap((lens) =>
  lens.name === 'echo' || isEcho(lens) ? [] : [screenOf(lens)],
);

function isEcho({ name }: Lens): boolean {
  return ['stdout', 'stderr', 'stdin'].includes(name);
}

function screenOf(lens: Lens): ScreenSpec {
  return {
    id: lens.name,
    aliases: lens.chisels,
    sentence: lens.doc,
    filter: lens.filter([]),
    enter: 'events',
    read: ({ capture, filter }) => {
      const table = lens.look(capture, filter, []);
      return table.kind === 'table' ? tableOf(table) : { head: [], columns: [], rows: [] };
    },
  };
}

function tableOf({ columns, rows }: LensTable): ScreenTable {
  const at = columns.findIndex(({ name }) => name === 'evt.num');
  const found = [];
  let more = false;
  for (const cells of rows) {
    more = found.length === MOST_ROWS;
    if (more) break;
    found.push({ cells: [...cells], num: at < 0 ? null : Number(cells[at]) });
  }
  return {
    head: more ? [`the first ${MOST_ROWS} of more: a filter narrows them`] : [],
    columns: columns.map(({ name, unit }) => ({ name, unit, key: unit === 'text' && name !== 'evt.time' })),
    rows: found,
  };
}
