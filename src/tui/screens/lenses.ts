/** Every lens that needs no argument is a screen. */
import { ask } from '../../lens/ask.ts';
import { LENSES } from '../../lens/index.ts';
import { type Lens, type LensTable, lensFilter } from '../../lens/lens.ts';
import { type Cell, columnsFor } from '../../report/report.ts';
import type { ScreenRow, ScreenSpec, ScreenTable } from './screen.ts';

/** More rows than anybody scrolls through; the head says that there are more. */
const MOST_ROWS = 5000;

export const LENS_SCREENS: readonly ScreenSpec[] = LENSES.filter(({ args, ask }) => args.length === 0 && ask.kind !== 'echo').map(screenOf);

function screenOf(lens: Lens): ScreenSpec {
  return {
    id: lens.name,
    aliases: lens.chisels,
    sentence: lens.doc,
    filter: lensFilter(lens, {}),
    enter: 'events',
    read: ({ capture, context, filter }) => {
      const found = ask({ lens, filter }, capture, context);
      if (found.kind !== 'table') throw new Error(`${lens.name} is no table`);
      return tableOf(found);
    },
  };
}

function tableOf(table: LensTable): ScreenTable {
  const columns = columnsFor(table, 'people');
  const at = columns.findIndex(({ unit }) => unit === 'num');
  const rows: ScreenRow[] = [];
  let more = false;
  for (const item of table.items) {
    more = rows.length === MOST_ROWS;
    if (more) break;
    const cells = columns.map(({ read }) => plain(read(item)));
    rows.push({ cells, num: at < 0 ? null : Number(cells[at]), drill: table.drill(item) });
  }
  return {
    head: more ? [`the first ${MOST_ROWS} of more: a filter narrows them`] : [],
    columns: columns.map(({ title, unit, align, field }) => ({ title, unit, align, field: field?.label ?? null })),
    rows,
  };
}

/** What a screen can sort and show: numbers and texts. */
function plain(cell: Cell): string | number | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'number' || typeof cell === 'string') return cell;
  return Array.isArray(cell) ? cell.map(plain).join(', ') : String(cell);
}
