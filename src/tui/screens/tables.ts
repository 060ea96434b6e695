/** Reports as tables of the screen: what lenses and rankings answer. */
import type { LensTable } from '../../lens/lens.ts';
import { type Cell, columnsFor } from '../../report/report.ts';
import type { ScreenCell, ScreenRow, ScreenTable } from './screen.ts';

/** More rows than anybody scrolls through; the head says that there are more. */
export const MOST_ROWS = 5000;

export function tableOf(table: LensTable): ScreenTable {
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
    columns: columns.map(({ title, unit, align, field, doc }) => ({
      title: shortTitle(title),
      unit,
      align,
      field: field?.label ?? null,
      doc,
    })),
    rows,
  };
}

/** `distinct(proc.pid)` → `pids`: what it means, `?` says. */
function shortTitle(title: string): string {
  const [, field] = /^distinct\(.*?([a-z]+)(?:\.name)?\)$/.exec(title) ?? [];
  return field === undefined ? title : `${field}s`;
}

/** What a screen can sort and show: numbers and texts. */
function plain(cell: Cell): ScreenCell {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'number' || typeof cell === 'string') return cell;
  return Array.isArray(cell) ? cell.map(plain).join(', ') : String(cell);
}
