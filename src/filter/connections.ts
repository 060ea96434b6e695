/** The same connection seen from its other end: behind a service's address, only the client's own end is the same. */
import { endText, isIpSocket } from '../model/fd-name.ts';
import type { FdRow, Rows } from '../model/rows.ts';

export class Connections {
  readonly #rows: Rows<FdRow>;
  readonly #servers = new Map<string, FdRow>();
  #seen = 0;

  constructor(rows: Rows<FdRow>) {
    this.#rows = rows;
  }

  /** The server's descriptor of a client's connection, where its process is on this node; null: it is not, or this is no client. */
  serverOf(fd: FdRow): FdRow | null {
    if (!isIpSocket(fd) || fd.role !== 'client' || fd.localIp === null) return null;
    for (; this.#seen < this.#rows.lastId; this.#seen++) this.#add(this.#rows.get(this.#seen + 1));
    return this.#servers.get(`${fd.l4proto} ${endText({ ip: fd.localIp, port: fd.localPort })}`) ?? null;
  }

  #add(fd: FdRow | undefined): void {
    if (fd === undefined || fd.role !== 'server' || !isIpSocket(fd) || fd.remoteIp === null) return;
    this.#servers.set(`${fd.l4proto} ${endText({ ip: fd.remoteIp, port: fd.remotePort })}`, fd);
  }
}
