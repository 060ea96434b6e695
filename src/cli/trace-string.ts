/** `trowel trace-string`: who had a string, and where. */
import { compileFilter } from '../filter/compile.ts';
import { type Trace, traceFilter, traces } from '../lens/trace-string.ts';
import { dotted } from '../model/dotted.ts';
import { clockText, wallNs } from '../model/time.ts';
import { jsonText, sanitize } from '../output/printable.ts';
import { tableLines } from '../output/table.ts';
import { EXIT, Exit } from './exit.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { Out } from './out.ts';

export async function traceString(
  path: string,
  text: string,
  filterText: string,
  options: { readonly json?: boolean; readonly exitCode?: boolean },
): Promise<void> {
  const capture = await openCapture(path);
  const out = new Out();
  try {
    const whole = filterText === '' ? traceFilter(text) : `(${traceFilter(text)}) and (${filterText})`;
    const found = [...traces(capture, compileFilter(whole, contextOf(capture)), text)];
    if (options.json === true) out.lines(found.map((trace) => jsonText({ ...trace, time: wallNs(capture.epoch, trace.time) })));
    else if (found.length === 0) out.line(`no event of this capture has ${jsonText(text)} in its payload, name or command line`);
    else out.lines(table(found, capture.epoch));
    if (found.length === 0 && options.exitCode === true) throw new Exit(EXIT.NOTHING_MATCHED);
  } finally {
    out.flush();
    capture.close();
  }
}

const COLUMNS = ['EVENTS', 'TIME', 'WHO', 'DID', 'WHERE', 'IN', 'TEXT'].map((title) => ({ title }));

function table(found: readonly Trace[], epoch: bigint): string[] {
  const rows = found.map(({ num, last, count, time, comm, pid, verb, kind, where, within, excerpt }) => [
    count === 1 ? `${num}` : `${num}–${last} (${count})`,
    clockText(epoch, time),
    `${sanitize(comm)} (${pid})`,
    verb,
    `${kind} ${sanitize(where)}`.trim(),
    sanitize(within),
    kind === 'dns' || kind === 'process' ? sanitize(excerpt) : dotted(Buffer.from(excerpt, 'latin1')),
  ]);
  return tableLines(COLUMNS, rows);
}
