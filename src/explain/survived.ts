/** Failures that were got over: who had started the process tried again with success, or went on without it and ended well. */
import { isIpSocket } from '../model/fd-name.ts';
import { isSoft } from './calls.ts';
import type { Problem } from './problems.ts';
import type { Life, Scene } from './scene.ts';
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
export function survivedBy(scene: Scene, { pid, failures }: Problem): Survived | null {
  const end = scene.endOf(pid);
  const life = scene.life(pid);
  const parent = scene.life(life?.ppid ?? 0);
  if (end === null || life?.begun !== true || parent === null || (end.exit === 0 && end.signal === 0)) return null;
  const later = scene.children(parent.name.pid, end.time, Infinity).filter(({ start }) => start >= end.time);
  const again = later.some((other) => other.command === life.command && endedWell(scene, other));
  if (
    !again &&
    !(
      failures.every(isSlight) &&
      !usedNetwork(scene, scene.events(pid)) &&
      parent.begun &&
      endedWell(scene, parent) &&
      wentOn(scene, parent, end.time, later)
    )
  )
    return null;
  return { process: life.name, exit: end.exit, said: scene.words(pid).trim().split('\n').at(-1)!, by: parent.name, again };
}

function endedWell(scene: Scene, { name }: Life): boolean {
  const end = scene.endOf(name.pid);
  return end !== null && end.exit === 0 && end.signal === 0;
}

/** Only what a program may do without: a full disk, a crash or a host that cannot be reached matter whoever goes on. */
function isSlight({ kind, call, error }: Failure): boolean {
  return kind === 'program' || (kind === 'ended' && call === 'exit') || (kind === 'file' && isSoft(error));
}

/** What somebody else did not answer, or refused, is what people ask about, whatever the script made of it. */
function usedNetwork({ dims }: Scene, events: readonly { readonly fd: number }[]): boolean {
  return events.some(({ fd }) => {
    const row = dims.fds.get(fd);
    return row !== undefined && isIpSocket(row);
  });
}

/** It ran something else, or said something. */
function wentOn(scene: Scene, { name }: Life, time: number, later: readonly Life[]): boolean {
  if (later.length > 0) return true;
  return scene.events(name.pid).some(({ type, start, res, fd }) => start > time && type.io === 'write' && (res ?? 0) > 0 && fd !== 0);
}
