/** This machine's addresses: which end of a connection is near, and which address a socket has when nobody said. */

export interface Interface {
  readonly ip: string;
  readonly mask: string;
  readonly name: string;
}

const LOOPBACK = '127.0.0.1';

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

  /** The address from which a packet to `target` leaves: its own, one of its network, or the first that is not loopback. */
  towards(target: string): string {
    if (this.#own.has(target)) return target;
    const same = this.#interfaces.find(({ ip, mask }) => sameNetwork(ip, target, mask));
    return (same ?? this.#interfaces.find(({ ip }) => !ip.includes(':') && ip !== LOOPBACK))?.ip ?? '0.0.0.0';
  }
}

function sameNetwork(a: string, b: string, mask: string): boolean {
  if (a.includes(':') || b.includes(':') || mask.includes(':')) return false;
  const [x, y, m] = [a, b, mask].map((ip) => ip.split('.').map(Number));
  return m!.every((bits, i) => (x![i]! & bits) === (y![i]! & bits));
}
