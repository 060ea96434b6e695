/** Opening a named pipe: the call waits until somebody opens the other end. */

import { numberOf, textOf, valuesOf } from '../event/args.ts';
import type { FdRow } from '../model/rows.ts';
import type { Analysis } from './analysis.ts';
import { descriptorEvents, type Ev } from './process-events.ts';
import type { ProcessName } from './story.ts';

const OPENS: ReadonlySet<string> = new Set(['open', 'openat', 'openat2']);
/** EINTR, and what the kernel calls it before a handler has run. */
const INTERRUPTED: ReadonlySet<number> = new Set([-4, -512, -513, -514, -516]);
/** O_WRONLY and O_RDWR. */
const ACCESS = 3;
/** ns by which the two ends are opened at the same time. */
const TOGETHER = 50e6;

/** A pipe was opened; or a signal or the recording's end broke the waiting off, as it does for no file on a disk. */
export function isFifoOpen({ type, res, pending }: Ev, fd: FdRow | undefined): boolean {
  if (!OPENS.has(type.name)) return false;
  return fd === undefined ? pending || (res !== null && INTERRUPTED.has(res)) : fd.kind === 'pipe';
}

/** What such a call was for: the path, and which end of the pipe it wanted. */
export function openedFifo(analysis: Analysis, num: number): { readonly path: string; readonly end: 'reading' | 'writing' | '' } {
  for (const head of analysis.capture.heads(num - 1)) {
    const chunk = analysis.capture.chunk(head);
    const i = chunk.num.indexOf(num);
    const type = i < 0 ? undefined : analysis.dims.types.get(chunk.type[i]!);
    if (type === undefined) break;
    const values = valuesOf(chunk, i, type);
    const at = (name: string) => type.args.findIndex((arg) => arg.name === name);
    const access = at('flags') < 0 ? ACCESS : numberOf(values[at('flags')]) & ACCESS;
    const path = textOf(values[type.args.findIndex(({ format }) => format === 'path')]);
    return { path, end: access === 0 ? 'reading' : access === 1 ? 'writing' : '' };
  }
  return { path: '', end: '' };
}

/** Who opened the other end of a pipe when it came to be open; null: not in the recording. */
export function otherEnd(analysis: Analysis, num: number, pid: number, time: number): ProcessName | null {
  const own = [...analysis.events(pid)].find((event) => event.num === num);
  const name = own === undefined ? undefined : analysis.dims.fds.get(own.fd)?.name;
  if (name === undefined) return null;
  const rows = new Set<number>();
  for (const fd of analysis.dims.fds.all()) if (fd.kind === 'pipe' && fd.name === name) rows.add(fd.id);
  const around = descriptorEvents(analysis.capture, rows, { from: time - TOGETHER, to: time + TOGETHER });
  const other = around.find((event) => event.pid !== pid && OPENS.has(event.type.name));
  return other === undefined ? null : (analysis.lifetime(other.pid)?.name ?? null);
}
