/** Connections: who, to which service, which pod that was, and how much went through. */
import { compileFilter } from '../../filter/compile.ts';
import { written } from '../../filter/literal.ts';
import { rank } from '../../lens/rank.ts';
import { ERRORS } from './rankings.ts';
import type { ScreenSpec } from './screen.ts';
import { MOST_ROWS, tableOf } from './tables.ts';

/** A process or a pod may have no name. */
const BY = ['proc.name?', 'k8s.src.pod?', 'k8s.dst.svc?', 'k8s.dst.pod?', 'fd.l4proto', 'fd.name'];
const MEASURES = ['bytes', 'bytes.in', 'bytes.out', 'count', 'errors'];
const SOCKETS = 'fd.type in (ipv4, ipv6)';

export const CONNECTIONS: ScreenSpec = {
  id: 'connections',
  aliases: ['conns', 'conn', 'topconns'],
  sentence: 'which connections moved how much: whose, to which service and pod',
  filter: SOCKETS,
  enter: { to: 'stream' },
  keys: [ERRORS],
  read: ({ capture, context, filter }) => {
    const whole = filter === '' ? SOCKETS : `${SOCKETS} and (${filter})`;
    const table = tableOf(rank(capture, compileFilter(whole, context), BY, MEASURES, MOST_ROWS));
    const rows = table.rows.map((row) => {
      const [process, name] = [row.cells[MEASURES.length], row.cells.at(-1)];
      const own = process === null || process === '' ? '' : `proc.name=${written(String(process))} and `;
      return { ...row, drill: `${own}fd.name=${written(String(name))}` };
    });
    return { ...table, rows };
  },
};
