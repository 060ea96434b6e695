/** Whom files belong to that are made for somebody who used sudo: captures are to be read, moved and removed without it. */
import { chownSync, fchownSync } from 'node:fs';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

const ID = /^[0-9]{1,10}$/;

/** Who had root run this; null: nobody else did. */
export function invokingUser(): User | null {
  const { SUDO_UID = '', SUDO_GID = '' } = process.env;
  if (process.getuid?.() !== 0 || !ID.test(SUDO_UID) || !ID.test(SUDO_GID) || Number(SUDO_UID) === 0) return null;
  return { uid: Number(SUDO_UID), gid: Number(SUDO_GID) };
}

/** Gives a file that was just made to them; by its descriptor, so that nobody can put another in its place. */
export function giveFile(fd: number): void {
  const user = invokingUser();
  if (user !== null) fchownSync(fd, user.uid, user.gid);
}

/** Likewise a folder; undefined: none was made. */
export function giveFolder(path: string | undefined): void {
  const user = invokingUser();
  if (user !== null && path !== undefined) chownSync(path, user.uid, user.gid);
}
