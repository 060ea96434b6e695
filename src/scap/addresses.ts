/** This machine's addresses: which end of a connection is near, and which address a socket has when nobody said. */
import ipaddr from 'ipaddr.js';

export interface Interface {
  readonly ip: string;
  readonly mask: string;
  readonly name: string;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1']);

export class Addresses {
  readonly #own = new Set<string>();
  readonly #interfaces: Interface[] = [];

  get size(): number {
    return this.#interfaces.length;
  }

  add(found: Interface): void {
    this.#own.add(found.ip);
    this.#interfaces.push(found);
  }

  has(ip: string): boolean {
    return this.#own.has(ip);
  }

  /** The address from which a packet to `target` leaves: its own, one of its network, or the first that is not loopback; null: there is none of its kind. */
  towards(target: string): string | null {
    if (this.#own.has(target)) return target;
    const kin = this.#interfaces.filter(({ ip }) => ip.includes(':') === target.includes(':'));
    const near = kin.find(({ ip, mask }) => sameNetwork(ip, target, mask)) ?? kin.find(({ ip }) => !LOOPBACK.has(ip));
    return near?.ip ?? null;
  }
}

/** A mask that is none says nothing: files may have it so. */
function sameNetwork(a: string, b: string, mask: string): boolean {
  const [x, y, m] = [a, b, mask].map((ip) => ipaddr.parse(ip).toByteArray());
  return m!.some((bits) => bits !== 0) && m!.every((bits, i) => (x![i]! & bits) === (y![i]! & bits));
}
