/** Which network namespaces there are, by the processes in them, and which processes are stopped or short of descriptors. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { parseCgroup } from '../model/cgroup.ts';
import type { NodeFact } from '../model/node.ts';
import type { Namespace } from './tools.ts';

export interface FoundNamespace extends Namespace {
  /** Name below /run/netns; empty: it has none. */
  readonly name: string;
  readonly pids: readonly number[];
}

const NAMED = '/run/netns';
/** A process with this part of its descriptors used is worth a row. */
const MANY_FDS = 0.8;

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** How many processes there are whose namespace may not be told. */
export function hiddenProcesses(): number {
  return pids().filter((pid) => {
    try {
      readlinkSync(`/proc/${pid}/ns/net`);
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EACCES';
    }
  }).length;
}

/** Inode of the namespace that a path under ns or /run/netns leads to; 0: it cannot be read. */
export function namespaceAt(path: string): number {
  try {
    return statSync(path).ino;
  } catch {
    return 0;
  }
}

function pids(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^[0-9]+$/.test(name) ? [Number(name)] : []));
}

/** All namespaces with a process or a name, by inode. */
export function allNamespaces(): Map<number, FoundNamespace> {
  const byInode = new Map<number, number[]>();
  for (const pid of pids()) {
    const inode = inodeOf(pid);
    if (inode === 0) continue; // it has ended, or is not ours to look at
    const known = byInode.get(inode);
    if (known === undefined) byInode.set(inode, [pid]);
    else known.push(pid);
  }
  const found = new Map<number, FoundNamespace>();
  for (const [inode, members] of byInode) found.set(inode, { inode, path: `/proc/${members[0]}/ns/net`, name: '', pids: members });
  for (const [name, inode] of namedNamespaces()) {
    found.set(inode, { inode, path: `${NAMED}/${name}`, name, pids: found.get(inode)?.pids ?? [] });
  }
  return found;
}

function inodeOf(pid: number): number {
  try {
    return Number(/\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function namedNamespaces(): [string, number][] {
  try {
    return readdirSync(NAMED).map((name): [string, number] => [name, namespaceAt(`${NAMED}/${name}`)]);
  } catch {
    return [];
  }
}

/** What a namespace is, by the first container's process in it. */
export function namespaceFact(namespace: FoundNamespace, host: boolean): NodeFact<'netns'> {
  const { inode, name, pids } = namespace;
  const member = host
    ? undefined
    : pids.map((pid) => ({ pid, ...parseCgroup(cgroupOf(pid)) })).find(({ pod, container }) => pod + container !== '');
  const pid = member?.pid ?? pids[0] ?? 0;
  const value = {
    name,
    pid,
    processes: pids.length,
    comm: readText(`/proc/${pid}/comm`).trim(),
    container: member?.container ?? '',
    pod: member?.pod ?? '',
    host,
  };
  return { kind: 'netns', netns: 0, key: String(inode), value };
}

/** Of the hierarchies the one whose path names a container. */
function cgroupOf(pid: number): string {
  const lines = readText(`/proc/${pid}/cgroup`).split('\n');
  return lines.map((line) => line.slice(line.indexOf(':', 2) + 1)).find((path) => parseCgroup(path).container !== '') ?? '';
}

const STOPPED: ReadonlySet<string> = new Set(['T', 't', 'D', 'Z']);

/** Processes that cannot answer: stopped, waiting in the kernel, dead, or nearly out of descriptors. */
export function sickProcesses(namespace: FoundNamespace): NodeFact<'process'>[] {
  return namespace.pids.flatMap((pid) => {
    const stat = readText(`/proc/${pid}/stat`);
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    if (state === '') return [];
    const fds = fdCount(pid);
    const limit = fds < MIN_FDS ? -1 : fdLimit(pid);
    if (!STOPPED.has(state) && (limit <= 0 || fds < MANY_FDS * limit)) return [];
    const comm = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    return [{ kind: 'process' as const, netns: namespace.inode, key: String(pid), value: { comm, state, fds, limit } }];
  });
}

/** Below it no limit is worth a look. */
const MIN_FDS = 16;

/** Linux tells the number of descriptors as the size of the folder from 6.2 on; before, they are counted. */
function fdCount(pid: number): number {
  try {
    const { size } = statSync(`/proc/${pid}/fd`);
    return size > 0 ? size : readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return -1;
  }
}

function fdLimit(pid: number): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readText(`/proc/${pid}/limits`))?.[1] ?? -1);
}
