/** Who listens, and how much waits there: /proc/PID/net, which needs no privilege, and `ss` for what the accept queues take. */
import { readdirSync, readlinkSync } from 'node:fs';
import ipaddr from 'ipaddr.js';
import type { NodeFact } from '../model/node.ts';
import { type FoundNamespace, readText } from './processes.ts';
import type { Tools } from './tools.ts';

const LISTEN = 0x0a;
const MOST = 1_000;

interface Socket {
  readonly protocol: 'tcp' | 'udp';
  readonly ip: string;
  readonly port: number;
  readonly queue: number;
  readonly drops: number;
  readonly inode: string;
}

export function listenerFacts(tools: Tools, namespace: FoundNamespace, owners: Owners): NodeFact<'listener'>[] {
  const pid = namespace.pids[0];
  if (pid === undefined) return [];
  const sockets = (['tcp', 'tcp6', 'udp', 'udp6'] as const)
    .flatMap((file) => parseSockets(readText(`/proc/${pid}/net/${file}`), file))
    .slice(0, MOST);
  const backlogs = sockets.some(({ protocol }) => protocol === 'tcp') ? backlogsOf(tools, namespace) : new Map<number, number>();
  return sockets.map(({ protocol, ip, port, queue, drops, inode }) => {
    const owner = owners.of(inode, namespace.pids);
    const value = { protocol, ip, port, backlog: protocol === 'tcp' ? (backlogs.get(port) ?? -1) : -1, queue, drops, ...owner };
    return { kind: 'listener', netns: namespace.inode, key: `${protocol} ${ip} ${port} ${inode}`, value };
  });
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
      return [{ protocol, ip: ipOf(address), port: Number.parseInt(port, 16), queue, drops, inode: words[9] ?? '' } as const];
    });
}

/** Words of 32 bits in the machine's order, in hexadecimal. */
export function ipOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length !== 4 && bytes.length !== 16) return '';
  return ipaddr.process(ipaddr.fromByteArray(bytes).toString()).toString();
}

/** What the accept queues take, by port. */
function backlogsOf(tools: Tools, namespace: FoundNamespace): Map<number, number> {
  const lines = (tools.run('backlogs', namespace, ['ss', '-Hltn']) ?? '').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, , backlog, local] = line.trim().split(/\s+/);
      const port = Number(local?.slice(local.lastIndexOf(':') + 1));
      return Number.isInteger(port) ? [[port, Number(backlog)] as const] : [];
    }),
  );
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
