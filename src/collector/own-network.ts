/**
 * Which network events belong to the processes that were asked for: the probe cannot tell, since packets come and go while anybody
 * runs. Theirs are those of their sockets, and all of a network namespace that only they are in.
 */
import { statSync } from 'node:fs';
import type { Chunk } from '../model/chunk.ts';
import { isIpSocket } from '../model/fd-name.ts';
import type { DimensionTables, FdRow } from '../model/rows.ts';

type Tables = Pick<DimensionTables, 'fds' | 'threads' | 'processes' | 'types'>;

export class OwnNetwork {
  readonly #tables: Tables;
  /** The network namespace that all others are in, too; 0: not known. */
  readonly #shared: number;
  readonly #inodes = new Set<number>();
  readonly #ends = new Set<string>();
  readonly #namespaces = new Set<number>();
  /** Rows that were looked at: those of calls, and of threads. */
  readonly #knownFds: boolean[] = [];
  readonly #knownThreads: boolean[] = [];
  readonly #networkTypes: boolean[] = [];

  constructor(tables: Tables, shared = ownNamespace()) {
    this.#tables = tables;
    this.#shared = shared;
  }

  /**
   * Which events of a part to leave out: network events of others, by their index. Its sockets are learnt first, since a
   * connection is refused before its call returns. Parts come in their order, each once.
   */
  othersIn(chunk: Chunk): ReadonlySet<number> {
    const network: number[] = [];
    for (let i = 0; i < chunk.n; i++) {
      if (chunk.fd[i] === 0 || !this.#isNetwork(chunk.type[i]!)) this.#call(chunk, i);
      else network.push(i);
    }
    for (const i of network) this.#isOwn(this.#tables.fds.get(chunk.fd[i]!));
    return new Set(network.filter((i) => !this.#isOwn(this.#tables.fds.get(chunk.fd[i]!))));
  }

  #isNetwork(type: number): boolean {
    this.#networkTypes[type] ??= this.#tables.types.get(type)?.family === 'trouble';
    return this.#networkTypes[type];
  }

  #call(chunk: Chunk, i: number): void {
    if (chunk.thread[i] !== 0) this.#thread(chunk.thread[i]!);
    if (chunk.fd[i] !== 0) this.#socket(chunk.fd[i]!);
  }

  #isOwn(fd: FdRow | undefined): boolean {
    if (fd === undefined || !isIpSocket(fd)) return true;
    if (this.#namespaces.has(fd.netns) || (fd.ino > 0 && this.#inodes.has(fd.ino))) {
      this.#learn(fd);
      return true;
    }
    return this.#hasEnd(fd.localIp, fd.localPort) || this.#hasEnd(fd.remoteIp, fd.remotePort);
  }

  /** A socket bound to any address has the port on all. */
  #hasEnd(ip: string | null, port: number): boolean {
    return this.#ends.has(endKey(ip, port)) || this.#ends.has(endKey('0.0.0.0', port));
  }

  #socket(id: number): void {
    if (this.#knownFds[id] === true) return;
    this.#knownFds[id] = true;
    const fd = this.#tables.fds.get(id);
    if (fd !== undefined && isIpSocket(fd)) this.#learn(fd);
  }

  /** Its own end: packets without a socket, of a connection that is refused, have nothing else in common with it. */
  #learn(fd: FdRow): void {
    if (fd.ino > 0) this.#inodes.add(fd.ino);
    if (fd.localIp === null || fd.localPort === 0) return;
    this.#ends.add(endKey(fd.localIp, fd.localPort));
  }

  #thread(id: number): void {
    if (this.#knownThreads[id] === true) return;
    this.#knownThreads[id] = true;
    const netns = this.#tables.processes.get(this.#tables.threads.get(id)?.process ?? 0)?.netns ?? 0;
    if (netns !== 0 && netns !== this.#shared && this.#shared !== 0) this.#namespaces.add(netns);
  }
}

function endKey(ip: string | null, port: number): string {
  return `${ip === '0.0.0.0' || ip === '::' ? '' : ip}:${port}`;
}

function ownNamespace(): number {
  try {
    return statSync('/proc/self/ns/net').ino;
  } catch {
    return 0; // without /proc a namespace is not told from another
  }
}
