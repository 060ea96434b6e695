/** `trowel lens`: a named question to a capture; sysdig's chisels by their names. */

import { compileFilter } from '../filter/compile.ts';
import { nearest } from '../filter/error.ts';
import { LENS_NAMES, LENSES, lensNamed } from '../lens/index.ts';
import type { EchoBlock, Lens, LensTable, Unit } from '../lens/lens.ts';
import { spanText } from '../model/time.ts';
import { asciiText, hexDump, jsonText, sanitize } from '../output/printable.ts';
import { tableLines } from '../output/table.ts';
import { UsageError } from './exit.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { Out } from './out.ts';

export interface LensOptions {
  readonly list?: boolean;
  readonly json?: boolean;
  readonly hex?: boolean;
  readonly base64?: boolean;
  readonly limit?: number;
}

/** `words`: NAME, its arguments, FILE, and the filter's words. */
export async function lens(words: readonly string[], options: LensOptions): Promise<void> {
  const out = new Out();
  if (options.list === true) {
    out.lines(listLines());
    out.flush();
    return;
  }
  const [name, ...rest] = words;
  if (name === undefined) throw new UsageError('lens takes a NAME and a FILE; trowel lens -l lists the names');
  const found = lensNamed(name);
  if (found === null) throw new UsageError(`there is no lens called ${name}${suggestion(name)}; trowel lens -l lists them`);
  const wanted = found.args.length;
  if (rest.length < wanted + 1)
    throw new UsageError(`usage: trowel lens ${[name, ...found.args.map((arg) => arg.toUpperCase()), 'FILE', '[FILTER]'].join(' ')}`);
  await show(found, rest.slice(0, wanted), rest[wanted]!, rest.slice(wanted + 1).join(' '), options, out);
}

function suggestion(name: string): string {
  const near = nearest(name, LENS_NAMES);
  return near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`;
}

function listLines(): string[] {
  const rows = LENSES.map(({ name, args, chisels, doc }) => [
    [name, ...args.map((arg) => arg.toUpperCase())].join(' '),
    chisels.join(' '),
    doc,
  ]);
  return tableLines([{ title: 'LENS' }, { title: 'SYSDIG' }, { title: 'SHOWS' }], rows);
}

async function show(found: Lens, args: readonly string[], path: string, filterText: string, options: LensOptions, out: Out): Promise<void> {
  const capture = await openCapture(path);
  try {
    const text = [found.filter(args), filterText === '' ? '' : `(${filterText})`].filter((part) => part !== '').join(' and ');
    const look = found.look(capture, compileFilter(text, contextOf(capture)), args);
    if (look.kind === 'table') showTable(look, options, out);
    else for (const block of look.blocks) out.lines(options.json === true ? [echoJson(block)] : echoLines(block, options));
  } finally {
    out.flush();
    capture.close();
  }
}

function showTable({ columns, rows }: LensTable, options: LensOptions, out: Out): void {
  const shown: (readonly (string | number)[])[] = [];
  for (const row of rows) {
    if (shown.length >= (options.limit ?? Infinity)) break;
    if (options.json === true) out.line(jsonText(Object.fromEntries(columns.map(({ name }, i) => [name, row[i]]))));
    shown.push(row);
  }
  if (options.json === true) return;
  const titles = columns.map(({ name, unit }) => ({ title: name.toUpperCase(), ...(unit === 'text' ? {} : { align: 'right' as const }) }));
  out.lines(
    tableLines(
      titles,
      shown.map((row) => row.map((cell, i) => cellText(cell, columns[i]!.unit))),
    ),
  );
}

function cellText(cell: string | number, unit: Unit): string {
  if (typeof cell === 'string') return sanitize(cell);
  if (unit === 'ns') return spanText(cell);
  return unit === 'bytes' ? sizeText(cell) : String(cell);
}

/** `71.99KB`, as sysdig writes it. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(2)}${units[unit]}`;
}

function echoLines({ direction, bytes, name, process, payload }: EchoBlock, options: LensOptions): string[] {
  const verb = direction === 'read' ? 'Read' : 'Write';
  const way = direction === 'read' ? 'from' : 'to';
  const text =
    options.hex === true
      ? hexDump(payload, true)
      : options.base64 === true
        ? [Buffer.from(payload).toString('base64')]
        : [asciiText(payload)];
  return [`------ ${verb} ${sizeText(bytes)} ${way} ${sanitize(name)} (${sanitize(process)})`, '', ...text, ''];
}

function echoJson({ num, direction, bytes, name, process, payload }: EchoBlock): string {
  return jsonText({
    'evt.num': num,
    'evt.io_dir': direction,
    bytes,
    'fd.name': name,
    'proc.name': process,
    data: Buffer.from(payload).toString('base64'),
  });
}
