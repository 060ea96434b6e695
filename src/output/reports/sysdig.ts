/** sysdig's options as a report: what becomes of each. */
import { column } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';

/** As the command line has them. */
interface OptionRow {
  readonly short: string;
  readonly long: string;
  readonly value: string;
  readonly fate: 'done' | 'nothing' | 'refused';
  readonly why: string;
}

export const SYSDIG_DOC = 'one option of sysdig 0.29';
const HEADING = {
  title: 'sysdig’s options',
  text: 'What becomes of them in `trowel -r FILE …` and `trowel -w FILE …`. Made by `npm run docs`.',
};

export const SYSDIG_COLUMNS: readonly Column<OptionRow>[] = [
  column('option', 'code', 'as it is written', ({ short, long, value }) => {
    const names = short === '' ? `--${long}` : `-${short}, --${long}`;
    return value === '' ? names : `${names} <${value}>`;
  }),
  column('here', 'prose', 'done; nothing: it is accepted, and there is nothing to do; refused', ({ fate }) => fate),
  column('how', 'prose', 'what it does, why nothing, what to use instead', ({ why }) => why),
];

export function sysdigReport(options: readonly OptionRow[]): Report<OptionRow> {
  return { id: 'sysdig', columns: SYSDIG_COLUMNS, items: options, epoch: 0n, heading: HEADING };
}
