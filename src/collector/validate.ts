/**
 * What a probe may say. Whoever reaches the collector's port can send anything: a time that is no number would be counted up to
 * for ever, and a wrong one be in the capture. What makes no sense ends the stream with its reason.
 */
import type { BatchDef, Bye, Hello, Ready } from './wire.ts';

/** A message that makes no sense, with what is wrong with it. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** ns, ten years: no stream is longer, and nothing that it tells of lies further away. */
const LONGEST = 3.2e17;
/** ns since 1970, in the year 2262: what 63 bits hold. */
const LATEST = 2n ** 63n;

/** A time or a span that a stream may speak of, ns. NaN is none. */
export function isTime(value: number): boolean {
  return value >= -LONGEST && value <= LONGEST;
}

export function checkHello({ cpus, clock }: Hello): void {
  if (cpus > 65_536) throw new WireError(`Hello: a machine has no ${cpus} CPUs`);
  if (clock !== null && BigInt(clock.wallNs.toString()) >= LATEST) throw new WireError('Hello: its clock is past the year 2262');
}

/** Users, and groups, of one node: no probe sends more. */
const MOST_USERS = 4096;
/** Bytes of a user's name, home or shell. */
const LONGEST_NAME = 256;

export function checkReady({ clock }: Hello, { startNs, users, groups }: Ready): void {
  if (clock !== null && !isTime(clock.bootNs.sub(startNs).toSigned().toNumber()))
    throw new WireError('Ready: its start is not near its clock');
  checkUsers(users, groups);
}

function checkUsers(users: Ready['users'], groups: Ready['groups']): void {
  if (users.length > MOST_USERS) throw new WireError(`Ready: ${users.length} users, at most ${MOST_USERS} are taken`);
  if (groups.length > MOST_USERS) throw new WireError(`Ready: ${groups.length} groups, at most ${MOST_USERS} are taken`);
  for (const { uid, name, home, shell } of users) {
    const longest = Math.max(name.length, home.length, shell.length);
    if (longest > LONGEST_NAME) throw new WireError(`Ready: user ${uid} has a text of ${longest} bytes`);
  }
  for (const { gid, name } of groups) {
    if (name.length > LONGEST_NAME) throw new WireError(`Ready: group ${gid} has a name of ${name.length} bytes`);
  }
}

/** All but the columns, which are checked as they are read. */
export function checkBatch({ threads, losses, clock }: BatchDef): void {
  for (const { id, fromNs, startedNs } of threads) {
    if (!isTime(fromNs) || !isTime(startedNs)) throw new WireError(`Batch: thread ${id} began at no time (${fromNs}, ${startedNs})`);
  }
  for (const { fromNs, toNs, count } of losses) {
    if (!isTime(fromNs) || !isTime(toNs)) throw new WireError(`Batch: a loss from ${fromNs} to ${toNs} ns`);
    if (!isCount(count)) throw new WireError(`Batch: a loss of ${count.toString()} events`);
  }
  if (clock !== null && BigInt(clock.wallNs.toString()) >= LATEST) throw new WireError('Batch: its clock is past the year 2262');
}

export function checkBye({ endNs }: Bye): void {
  if (!isTime(endNs)) throw new WireError(`Bye: an end at ${endNs} ns`);
}

function isCount(value: { toNumber(): number }): boolean {
  return Number.isSafeInteger(value.toNumber()) && value.toNumber() >= 0;
}
