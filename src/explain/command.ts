/** Who a recording was made for: the command behind `record --`, and what it started. */
import type { Capture } from '../capture/capture.ts';
import type { ProcessRow } from '../model/rows.ts';

/** A command that only waits is a clock, not what somebody wants to know about. */
const CLOCKS: ReadonlySet<string> = new Set(['sleep', 'timeout', 'read']);

/** pids of the command and its descendants; null: there was none, or it only told the time. */
export function commandTree({ meta, dims }: Capture): ReadonlySet<number> | null {
  const root = Number(meta.command_pid ?? 0);
  if (!(root > 0)) return null;
  const rows = [...dims.processes.all()];
  const tree = new Set([root]);
  for (let size = 0; size < tree.size; ) {
    size = tree.size;
    for (const { pid, ppid } of rows) if (tree.has(ppid)) tree.add(pid);
  }
  const last = new Map<number, ProcessRow>();
  for (const row of rows) if (tree.has(row.pid)) last.set(row.pid, row);
  return [...last.values()].every(({ comm }) => CLOCKS.has(comm)) ? null : tree;
}
