/** Failures that were got over: who had started the process tried again with success, or went on without it and ended well. */
import { isIpSocket } from '../model/fd-name.ts';
import type { Analysis, Lifetime } from './analysis.ts';
import { isSoft } from './calls.ts';
import type { Problem } from './problems.ts';
import type { Failure, ProcessName } from './story.ts';

export interface Survived {
  readonly process: ProcessName;
  readonly exit: number;
  /** What it wrote last to its standard error; empty: nothing. */
  readonly said: string;
  /** Who had started it. */
  readonly by: ProcessName;
  /** The same command succeeded later; else its parent went on without it. */
  readonly again: boolean;
}

/** null: it was not, as far as the recording shows. */
export function survivedBy(analysis: Analysis, { pid, failures }: Problem): Survived | null {
  const end = analysis.endOf(pid);
  const lifetime = analysis.lifetime(pid);
  const parent = analysis.lifetime(lifetime?.ppid ?? 0);
  if (end === null || lifetime?.begun !== true || parent === null || (end.exit === 0 && end.signal === 0)) return null;
  const later = analysis.children(parent.name.pid, end.time, Infinity).filter(({ start }) => start >= end.time);
  const again = later.some((other) => other.command === lifetime.command && endedWell(analysis, other));
  if (
    !again &&
    !(
      failures.every(isSlight) &&
      !usedNetwork(analysis, analysis.events(pid)) &&
      parent.begun &&
      endedWell(analysis, parent) &&
      wentOn(analysis, parent, end.time, later)
    )
  )
    return null;
  return { process: lifetime.name, exit: end.exit, said: analysis.words(pid).trim().split('\n').at(-1)!, by: parent.name, again };
}

function endedWell(analysis: Analysis, { name }: Lifetime): boolean {
  const end = analysis.endOf(name.pid);
  return end !== null && end.exit === 0 && end.signal === 0;
}

/** Only what a program may do without: a full disk, a crash or a host that cannot be reached matter whoever goes on. */
function isSlight({ kind, call, error }: Failure): boolean {
  return kind === 'program' || (kind === 'ended' && call === 'exit') || (kind === 'file' && isSoft(error));
}

/** What somebody else did not answer, or refused, is what people ask about, whatever the script made of it. */
function usedNetwork({ dims }: Analysis, events: readonly { readonly fd: number }[]): boolean {
  return events.some(({ fd }) => {
    const row = dims.fds.get(fd);
    return row !== undefined && isIpSocket(row);
  });
}

/** It ran something else, or said something. */
function wentOn(analysis: Analysis, { name }: Lifetime, time: number, later: readonly Lifetime[]): boolean {
  if (later.length > 0) return true;
  return analysis.events(name.pid).some(({ type, start, res, fd }) => start > time && type.io === 'write' && (res ?? 0) > 0 && fd !== 0);
}
