/** Parameters of clone and execve that describe the process: Trowel keeps these as rows, not with the event. */
import type { EventView } from '../../event/view.ts';
import type { ProcessRow } from '../../model/rows.ts';

const utf8 = new TextEncoder();

/** Texts that each end with NUL. */
export function textList(texts: readonly string[]): Uint8Array {
  return utf8.encode(texts.map((text) => `${text}\0`).join(''));
}

/** A process' cgroups as `controller=path`, with one that names its container where none does. */
export function cgroupsOf({ cgroups, container }: ProcessRow): readonly string[] {
  const known = cgroups.map((entry) => (entry.startsWith('=') ? `memory${entry}` : entry));
  if (container === '' || known.some((entry) => entry.includes(container))) return known;
  return [...known, `memory=/docker/${container}`];
}

/** Null: not one of these, or nothing is known. */
export function processValue(view: EventView, name: string): number | Uint8Array | null {
  const { thread } = view;
  const process = (thread === null ? null : view.processAt(view.process?.pid ?? thread.tid)) ?? view.process;
  if (process === null || thread === null) return null;
  const numbers: Readonly<Record<string, number>> = {
    tid: thread.tid, pid: process.pid, ptid: process.ppid, vtid: thread.vtid, vpid: process.vpid, uid: process.uid, gid: process.gid,
    pgid: process.pgid, tty: process.tty, loginuid: process.loginuid, fdlimit: 1024,
  }; // biome-ignore format: a table
  const number = numbers[name];
  if (number !== undefined) return number;
  if (name === 'exe') return utf8.encode(process.exe);
  if (name === 'comm') return utf8.encode(view.threadName(thread.tid) ?? process.comm);
  if (name === 'cwd') return utf8.encode(process.cwd);
  if (name === 'args') return textList(process.args);
  if (name === 'env') return textList(process.env ?? []);
  return name === 'cgroups' ? textList(cgroupsOf(process)) : null;
}
