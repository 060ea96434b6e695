/**
 * Addresses under other names: the same address gets the same pseudonym everywhere in a capture, and keeps what kind it is. Loopback,
 * unspecified and multicast addresses say nothing of a network and stay.
 */
import ipaddr from 'ipaddr.js';

const KEPT: ReadonlySet<string> = new Set(['loopback', 'unspecified', 'multicast', 'broadcast', 'linkLocal']);
const V4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)/g;
const V6 = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{0,4}|(?:\d{1,3}\.){3}\d{1,3})(?![\w:])/gi;
const MAPPED = '::ffff:';

export class Pseudonyms {
  readonly #known = new Map<string, string>();
  /** How many there are of each kind. */
  readonly #counts = { private: 0, public: 0, v6: 0 };

  /** An address as such; what is none stays. */
  address(text: string): string {
    if (text.toLowerCase().startsWith(MAPPED) && text.includes('.')) return MAPPED + this.address(text.slice(MAPPED.length));
    let found = this.#known.get(text);
    if (found === undefined) {
      found = ipaddr.isValid(text) ? this.#pseudonym(text) : text;
      this.#known.set(text, found);
    }
    return found;
  }

  /** All addresses in a text. */
  text(text: string): string {
    if (!/\d\.\d|:[0-9a-f]*:/i.test(text)) return text;
    return text.replace(V6, (one) => this.address(one)).replace(V4, (one) => this.address(one));
  }

  #pseudonym(text: string): string {
    const address = ipaddr.parse(text);
    const range = address.range();
    if (KEPT.has(range)) return text;
    if (address.kind() === 'ipv6') return `fd00::${(++this.#counts.v6).toString(16)}`;
    const isPrivate = range === 'private' || range === 'carrierGradeNat';
    const n = isPrivate ? ++this.#counts.private : ++this.#counts.public;
    return isPrivate
      ? `10.${(n >> 16) & 0xff}.${(n >> 8) & 0xff}.${n & 0xff}`
      : `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 0xff}.${n & 0xff}`;
  }
}
