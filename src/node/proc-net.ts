/** Interfaces, addresses and routes from /proc/PID/net: less than `ip` tells, but no tool and no privilege is needed. IPv4 only. */
import type { NodeFact } from '../model/node.ts';
import { readText } from './processes.ts';

/** What each interface carried, by /proc/net/dev: the columns of the kernel's table in their order. */
export function trafficFacts(netns: number, table: string): NodeFact<'traffic'>[] {
  return table.split('\n').flatMap((line): NodeFact<'traffic'>[] => {
    const [, key, columns] = /^\s*([^\s:|]+):\s*(.*)$/.exec(line) ?? [];
    if (key === undefined || columns === undefined || key === 'lo') return [];
    const [, rxPackets, rxErrors, rxDropped, , , , , , txPackets, txErrors, txDropped] = columns.trim().split(/\s+/).map(Number);
    if (txDropped === undefined) return [];
    const value = {
      rxPackets: rxPackets!,
      rxErrors: rxErrors!,
      rxDropped: rxDropped!,
      txPackets: txPackets!,
      txErrors: txErrors!,
      txDropped,
    };
    return [{ kind: 'traffic', netns, key, value }];
  });
}

interface Route {
  readonly dev: string;
  readonly dst: number;
  readonly mask: number;
  readonly via: string;
  readonly metric: number;
}

export function procNetFacts(netns: number, pid: number): NodeFact[] {
  const read = (file: string) => readText(`/proc/${pid}/net/${file}`);
  const routes = parseRoutes(read('route'));
  const addresses = parseLocals(read('fib_trie'));
  const links = [...read('dev').matchAll(/^\s*([^\s:|]+):/gm)].map(([, name]) => name!);
  return [
    ...links.map((name) =>
      linkFact(
        netns,
        name,
        addresses.flatMap((ip) => onLink(ip, name, routes)),
      ),
    ),
    ...routes.map((route) => routeFact(netns, route)),
  ];
}

/** The address with its prefix, where a route without a gateway says that it is of the interface. */
function onLink(ip: string, name: string, routes: readonly Route[]): string[] {
  if (ip.startsWith('127.')) return name === 'lo' ? [`${ip}/8`] : [];
  const route = routes.find(({ dev, dst, mask, via }) => dev === name && via === '' && mask !== 0 && (numberOf(ip) & mask) >>> 0 === dst);
  return route === undefined ? [] : [`${ip}/${prefixOf(route.mask)}`];
}

function linkFact(netns: number, key: string, addresses: readonly string[]): NodeFact<'link'> {
  const unknown = {
    index: -1,
    mtu: -1,
    mac: '',
    type: '',
    master: '',
    peerIndex: -1,
    peerNsid: -1,
    peerNetns: -1,
    peerName: '',
    hairpin: false,
  };
  return { kind: 'link', netns, key, value: { ...unknown, up: true, addresses } };
}

function routeFact(netns: number, { dev, dst, mask, via, metric }: Route): NodeFact<'route'> {
  const range = mask === 0 ? 'default' : `${textOf(dst)}/${prefixOf(mask)}`;
  return {
    kind: 'route',
    netns,
    key: `main ${range} ${dev} ${metric}`,
    value: { table: 'main', dst: range, via, dev, src: '', type: 'unicast', metric },
  };
}

/** Addresses are words in the machine's order, in hexadecimal. */
export function parseRoutes(table: string): Route[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [dev, dst, via, , , , metric, mask] = line.trim().split(/\s+/);
      if (mask === undefined) return [];
      const gateway = swapped(via!);
      return [{ dev: dev!, dst: swapped(dst!), mask: swapped(mask), via: gateway === 0 ? '' : textOf(gateway), metric: Number(metric) }];
    });
}

/** Addresses of the namespace itself: `|-- 10.0.2.15`, then `/32 host LOCAL`. */
export function parseLocals(trie: string): string[] {
  const found = [...trie.matchAll(/\|-- (\S+)\n(?:\s+\/\d+ .*\n)*?\s+\/32 host LOCAL/g)].map(([, ip]) => ip!);
  return [...new Set(found)];
}

const swapped = (hex: string) => Buffer.from(hex, 'hex').readUInt32LE(0);
const numberOf = (ip: string) => ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const textOf = (ip: number) => [24, 16, 8, 0].map((bits) => (ip >>> bits) & 255).join('.');
const prefixOf = (mask: number) => mask.toString(2).replaceAll('0', '').length;
