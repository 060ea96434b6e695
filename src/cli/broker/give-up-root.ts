/** Becoming the user who used sudo, for good: what decodes bytes of others' programs has none of root's power. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { User } from '../../store/owner.ts';

/** Why a recording into a folder cannot be this user's own; null: it can. They have no groups but their first: one such as docker is root again. */
export function whyNotAs({ uid, gid }: User, folder: string): string | null {
  const program = process.argv[1] ?? '';
  const asked = 'test -r "$1" && test -x "$2" || exit 3; test -w "$3" && test -x "$3"';
  const given = [program, process.execPath, resolve(folder)];
  const { status } = spawnSync('/bin/sh', ['-c', asked, 'sh', ...given], { uid, gid, stdio: 'ignore', cwd: '/' });
  if (status === 0) return null;
  return status === 3 ? `user ${uid} cannot run ${dirname(program)}` : `user ${uid} cannot write to ${resolve(folder)}`;
}

/** Throws where anything of root is left. */
export function becomeForGood({ uid, gid }: User): void {
  process.setgroups!([]);
  process.setgid!(gid);
  process.setuid!(uid);
  for (const thread of readdirSync('/proc/self/task')) requireGone(readFileSync(`/proc/self/task/${thread}/status`, 'latin1'), uid, gid);
  for (const back of [() => process.setuid!(0), () => process.seteuid!(0), () => process.setgid!(0)]) requireRefused(back);
}

function requireGone(status: string, uid: number, gid: number): void {
  const of = (name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1] ?? '';
  const four = (id: number) => Array(4).fill(String(id)).join('\t');
  const kept = of('Uid') !== four(uid) || of('Gid') !== four(gid) || of('Groups') !== '' || /[^0]/.test(of('CapPrm') + of('CapEff'));
  if (kept) throw new Error('root could not be given up');
}

function requireRefused(back: () => void): void {
  try {
    back();
  } catch {
    return;
  }
  throw new Error('root could be had again after it was given up');
}
