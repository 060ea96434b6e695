/** The same connection seen from its other end: behind a service's address, only the client's own end is the same. */
import { endText, isIpSocket } from '../model/fd-name.ts';
import type { FdRow, Rows } from '../model/rows.ts';

/** By row of the client's descriptor, that of the server's: what a capture of several nodes found by more than addresses. */
export type KnownEnds = ReadonlyMap<number, { readonly server: number }>;

export class Connections {
  readonly #rows: Rows<FdRow>;
  /** By the client's end, in the order in which they came: a port is used again. */
  readonly #servers = new Map<string, FdRow[]>();
  readonly #known: KnownEnds;
  #seen = 0;

  constructor(rows: Rows<FdRow>, known: KnownEnds = new Map()) {
    this.#rows = rows;
    this.#known = known;
  }

  /** The server's descriptor of a client's connection, where its process is in the recording; null: it is not, or this is no client. */
  serverOf(fd: FdRow): FdRow | null {
    if (!isIpSocket(fd) || fd.role !== 'client' || fd.localIp === null) return null;
    const known = this.#known.get(fd.id);
    if (known !== undefined) return this.#rows.get(known.server) ?? null;
    if (this.#seen < this.#rows.lastId) {
      for (const row of this.#rows.above(this.#seen)) this.#add(row);
      this.#seen = this.#rows.lastId;
    }
    const servers = this.#servers.get(keyOf(fd, fd.localIp, fd.localPort));
    return servers === undefined ? null : nearest(servers, fd.id);
  }

  #add(fd: FdRow): void {
    if (fd.role !== 'server' || !isIpSocket(fd) || fd.remoteIp === null) return;
    const key = keyOf(fd, fd.remoteIp, fd.remotePort);
    const servers = this.#servers.get(key);
    if (servers === undefined) this.#servers.set(key, [fd]);
    else servers.push(fd);
  }
}

/** The client's end. Each pod has loopback addresses of its own. */
function keyOf({ l4proto, netns }: FdRow, ip: string, port: number): string {
  const place = ip === '::1' || ip.startsWith('127.') ? netns : 0;
  return `${l4proto} ${place} ${endText({ ip, port })}`;
}

/** Both ends of one connection appear within moments of each other, and so do their rows. */
function nearest(rows: readonly FdRow[], id: number): FdRow {
  return rows.reduce((best, row) => (Math.abs(row.id - id) <= Math.abs(best.id - id) ? row : best));
}
