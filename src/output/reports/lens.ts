/** What lenses there are, and what went through descriptors, as reports. */
import type { EchoBlock, Lens } from '../../lens/lens.ts';
import { column } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';
import { sizeText } from '../cell.ts';
import { asciiText, hexDump } from '../printable.ts';

export const LENS_DOC = 'one row of a lens; its columns are those of the lens: fields of the filter language, and measures';
export const LENSES_DOC = 'one lens';
export const LENSES_COLUMNS: readonly Column<Lens>[] = [
  column('name', 'text', 'its name', ({ name }) => name, { audience: 'programs' }),
  column('args', 'text', 'its arguments', ({ args }) => args, { audience: 'programs', many: true }),
  column('lens', 'code', '', ({ name, args }) => [name, ...args.map((arg) => arg.toUpperCase())].join(' '), { audience: 'people' }),
  column('sysdig', 'code', 'sysdig’s names for it', ({ chisels }) => chisels, { many: true, audience: 'programs' }),
  column('sysdig', 'prose', '', ({ chisels }) => chisels.join(' '), { audience: 'people' }),
  column('shows', 'prose', 'the question that it answers', ({ doc }) => doc),
  column('filter', 'code', 'of the events that it is about', ({ filter }) => filter, { audience: 'programs' }),
  column('example', 'code', '', exampleOf, { audience: 'people' }),
];

/** What people type. */
const EXAMPLES: Readonly<Record<string, string>> = {
  port: '53',
  address: '10.0.0.1',
  path: '/etc/resolv.conf',
  field: 'proc.name',
  ms: '10',
};

function exampleOf({ name, args }: Lens): string {
  return ['trowel lens', name, ...args.map((arg) => EXAMPLES[arg] ?? arg), 'FILE'].join(' ');
}

const HEADING = {
  title: 'Lenses',
  text: 'Named questions: `trowel lens NAME FILE [FILTER]`, also `trowel -r FILE -c SYSDIG’S-NAME`. `--by FIELDS` and `--measure LIST` group and measure otherwise what a ranking ranks. Made by `npm run docs`.',
};

export function lensesReport(lenses: readonly Lens[]): Report<Lens> {
  return { id: 'lenses', columns: LENSES_COLUMNS, items: lenses, epoch: 0n, heading: HEADING };
}

/** How payloads are shown to people, and with whose name before. */
export interface EchoOptions {
  readonly hex?: boolean;
  readonly base64?: boolean;
  /** `k` pods, `c` containers, as sysdig's -pk and -pc. */
  readonly format?: string;
}

export const ECHO_DOC = 'one operation that moved bytes';
export const ECHO_COLUMNS: readonly Column<EchoBlock>[] = [
  column('evt.num', 'num', 'the event', ({ num }) => num),
  column('evt.io_dir', 'text', 'read or write', ({ direction }) => direction),
  column('bytes', 'bytes', 'how many moved; the payload may hold fewer', ({ bytes }) => bytes),
  column('fd.name', 'text', 'of the descriptor', ({ name }) => name),
  column('proc.name', 'text', 'who did it', ({ process }) => process),
  column('data', 'payload', 'the payload', ({ payload }) => payload),
];

export function echoReport(blocks: Iterable<EchoBlock>, epoch: bigint, options: EchoOptions): Report<EchoBlock> {
  return { id: 'echo', columns: ECHO_COLUMNS, items: blocks, epoch, blocks: { table: (block) => echoLines(block, options) } };
}

function echoLines(block: EchoBlock, options: EchoOptions): string[] {
  const { direction, bytes, name, process, payload } = block;
  const [verb, way] = direction === 'read' ? ['Read', 'from'] : ['Write', 'to'];
  const text =
    options.hex === true
      ? hexDump(payload, true)
      : options.base64 === true
        ? [Buffer.from(payload).toString('base64')]
        : [asciiText(payload)];
  return [`------ ${verb} ${sizeText(bytes)} ${way} ${whereText(block, options)}${name} (${process})`, '', ...text, ''];
}

/** `[pod] ` before the descriptor, as sysdig's echo_fds has it. */
function whereText({ container, pod }: EchoBlock, { format }: EchoOptions): string {
  if (format === 'c' || format === 'container') return container === '' ? '' : `[${container}] `;
  if (format !== 'k' && format !== 'kubernetes') return '';
  const where = pod || container;
  return where === '' ? '' : `[${where}] `;
}
