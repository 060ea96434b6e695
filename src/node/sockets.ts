/** Who listens, and how much waits there: by `ss`, else from /proc/PID/net, which needs no privilege. */
import { readdirSync, readlinkSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import type { NodeFact } from '../model/node.ts';
import { type FoundNamespace, readText } from './processes.ts';
import type { ToolQuestion, Tools } from './tools.ts';

const LISTEN = 0x0a;
const MOST = 1_000;

interface Socket {
  readonly protocol: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
  readonly queue: number;
  /** How many connections may wait; -1: not told. */
  readonly backlog: number;
  readonly drops: number;
  readonly inode: string;
}

export function listenerFacts(tools: Tools, namespace: FoundNamespace, owners: Owners): NodeFact<'listener'>[] {
  const listed = tools.ask(namespace, LISTENERS);
  const sockets = listed === null ? fromProc(namespace) : parseSs(listed);
  return sockets.slice(0, MOST).map(({ inode, ...socket }) => {
    const value = { ...socket, ...owners.of(inode, namespace.pids) };
    return { kind: 'listener', netns: namespace.inode, key: `${socket.protocol} ${socket.ip} ${socket.port} ${inode}`, value };
  });
}

/** By netlink it is told who listens; /proc/PID/net/tcp has the kernel look through all connections of the machine. */
export const LISTENERS: ToolQuestion = { id: 'listeners', command: ['ss', '-HOltunem'] };

const LISTED = /^(?<protocol>tcp|udp) +\S+ +(?<queue>\d+) +(?<backlog>\d+) +(?<ip>\S+):(?<port>\d+) +\S+ .*?\bino:(?<inode>\d+)/;

export function parseSs(text: string): Socket[] {
  return text.split('\n').flatMap((line): Socket[] => {
    const found = LISTED.exec(line)?.groups;
    if (found === undefined) return [];
    const protocol = found.protocol === 'tcp' ? 'tcp' : 'udp';
    const ip = found.ip!.replace(/%.*$/, '').replace(/[[\]]/g, '');
    const drops = protocol === 'udp' ? Number(/,d(\d+)\)/.exec(line)?.[1] ?? 0) : 0;
    const backlog = protocol === 'tcp' ? Number(found.backlog) : -1;
    return [
      { protocol, ip: ip === '*' ? '::' : ip, port: Number(found.port), queue: Number(found.queue), backlog, drops, inode: found.inode! },
    ];
  });
}

function fromProc({ pids }: FoundNamespace): Socket[] {
  const files = pids.length === 0 ? [] : (['tcp', 'tcp6', 'udp', 'udp6'] as const);
  return files.flatMap((file) => parseSockets(readText(`/proc/${pids[0]}/net/${file}`), file));
}

/** Sockets that wait for whoever comes: listening ones of TCP, those of UDP without a peer. */
export function parseSockets(table: string, file: 'tcp' | 'tcp6' | 'udp' | 'udp6'): Socket[] {
  const protocol = file.startsWith('tcp') ? 'tcp' : 'udp';
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const words = line.trim().split(/\s+/);
      const [, local = '', remote = '', state = '', queues = ''] = words;
      const open = protocol === 'tcp' ? Number.parseInt(state, 16) === LISTEN : /^0+:0000$/.test(remote);
      if (!open) return [];
      const [address = '', port = ''] = local.split(':');
      const drops = protocol === 'udp' ? Number(words.at(-1) ?? 0) : 0;
      const queue = Number.parseInt(queues.split(':')[1] ?? '', 16);
      return [{ protocol, ip: ipOf(address), port: Number.parseInt(port, 16), queue, backlog: -1, drops, inode: words[9] ?? '' } as const];
    });
}

/** Words of 32 bits in the machine's order, in hexadecimal. */
export function ipOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length !== 4 && bytes.length !== 16) return '';
  return ipaddr.process(ipaddr.fromByteArray(bytes).toString()).toString();
}

/** Which process has a socket, by the descriptors of the processes of its namespace. */
export class Owners {
  readonly #byInode = new Map<string, number>();
  readonly #read = new Set<number>();

  of(inode: string, pids: readonly number[]): { readonly pid: number; readonly comm: string } {
    for (const pid of pids) {
      if (this.#byInode.has(inode)) break;
      if (!this.#read.has(pid)) this.#readFds(pid);
    }
    const pid = this.#byInode.get(inode) ?? -1;
    return { pid, comm: pid < 0 ? '' : readText(`/proc/${pid}/comm`).trim() };
  }

  #readFds(pid: number): void {
    this.#read.add(pid);
    try {
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
        if (inode !== undefined && !this.#byInode.has(inode)) this.#byInode.set(inode, pid);
      }
    } catch {
      // it has ended, or is somebody else's
    }
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
