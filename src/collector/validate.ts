/**
 * What a probe may say. Whoever reaches the collector's port can send anything: a time that is no number would be counted up to
 * for ever, and a wrong one be in the capture. What makes no sense ends the stream with its reason.
 */
import type { BatchDef, Bye, Hello, Ready, ThreadDef } from './wire.ts';

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

const MOST_CPUS = 65_536;

export function checkHello({ cpus, clock, hostname }: Hello): void {
  if (hostname.length > LONGEST_NAME) throw new WireError(`Hello: a host’s name of ${hostname.length} characters`);
  if (cpus > MOST_CPUS) throw new WireError(`Hello: a machine has no ${cpus} CPUs`);
  if (clock !== null && BigInt(clock.wallNs.toString()) >= LATEST) throw new WireError('Hello: its clock is past the year 2262');
}

/** Bytes of a name of whatever kind. */
const LONGEST_NAME = 256;
/** Bytes of a path: the kernel gives no longer ones, and says behind some what became of them. */
const LONGEST_PATH = 8192;
/** Bytes of a command line, and of an environment. */
const LONGEST_TEXT = 1 << 16;

/** Users, and groups, of one node: no probe sends more. */
const MOST_USERS = 4096;
const MOST_PROGRAMS = 64;

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
export function checkBatch({ threads, fds, losses, counters, clock }: BatchDef): void {
  for (const thread of threads) {
    const { id, fromNs, startedNs } = thread;
    if (!isTime(fromNs) || !isTime(startedNs)) throw new WireError(`Batch: thread ${id} began at no time (${fromNs}, ${startedNs})`);
    checkTexts(thread);
  }
  for (const { id, name } of fds)
    if (name.length > LONGEST_PATH) throw new WireError(`Batch: descriptor ${id} has a name of ${name.length} bytes`);
  for (const { cpu, family } of [...losses, ...counters])
    if (cpu >= MOST_CPUS || family.length > LONGEST_NAME)
      throw new WireError(`Batch: a count of CPU ${cpu} and ${family.length} characters of a family`);
  for (const { fromNs, toNs, count } of losses) {
    if (!isTime(fromNs) || !isTime(toNs)) throw new WireError(`Batch: a loss from ${fromNs} to ${toNs} ns`);
    if (!isCount(count)) throw new WireError(`Batch: a loss of ${count.toString()} events`);
  }
  if (clock !== null && BigInt(clock.wallNs.toString()) >= LATEST) throw new WireError('Batch: its clock is past the year 2262');
}

function checkTexts({ id, comm, procComm, exe, cwd, cgroup, args, env }: ThreadDef): void {
  const name = Math.max(comm.length, procComm.length);
  const path = Math.max(exe.length, cwd.length, cgroup.length);
  const text = Math.max(args.length, env.length);
  if (name > LONGEST_NAME || path > LONGEST_PATH || text > LONGEST_TEXT)
    throw new WireError(`Batch: thread ${id} has a text of ${Math.max(name, path, text)} bytes`);
}

export function checkBye({ endNs, programs }: Bye): void {
  if (!isTime(endNs)) throw new WireError(`Bye: an end at ${endNs} ns`);
  if (programs.length > MOST_PROGRAMS) throw new WireError(`Bye: ${programs.length} programs`);
  for (const { name, runs, ns } of programs)
    if (name.length > LONGEST_NAME || !isTime(ns) || !isTime(runs)) throw new WireError('Bye: a program that makes no sense');
}

function isCount(value: { toNumber(): number }): boolean {
  return Number.isSafeInteger(value.toNumber()) && value.toNumber() >= 0;
}
