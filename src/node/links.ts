/** Interfaces, addresses, routes, neighbours: what `ip -json` and `bridge -json` say. */
import { type Json, list, number, record, records, text } from '../model/json.ts';
import type { NodeFact } from '../model/node.ts';
import { procNetFacts } from './proc-net.ts';
import type { FoundNamespace } from './processes.ts';
import type { Namespace, ToolQuestion, Tools } from './tools.ts';

const BATCH = 'address show\nroute show table all\nneighbour show\nrule show\n';
/** Everything of a namespace's links by one process. */
export const LINKS: ToolQuestion = { id: 'links', command: ['ip', '-json', '-details', '-batch', '-'], input: BATCH };
const LOCAL: ReadonlySet<string> = new Set(['local', 'broadcast', 'multicast', 'anycast']);
const FAILED: ReadonlySet<string> = new Set(['FAILED', 'INCOMPLETE']);
/** Of a namespace, as many are kept: a node with BGP has the Internet's. */
const MOST_ROUTES = 2_000;
const MOST_NEIGHBOURS = 1_000;

/** Without the tool, or where the namespace cannot be entered: what /proc/PID/net tells. */
export function linkFacts(tools: Tools, namespace: FoundNamespace): NodeFact[] {
  const output = tools.ask(namespace, LINKS);
  if (output === null) return namespace.pids[0] === undefined ? [] : procNetFacts(namespace.inode, namespace.pids[0]);
  const [addresses, routes, neighbours, rules] = arraysIn(output);
  const { inode: netns } = namespace;
  return [
    ...(addresses ?? []).filter((link) => text(link.ifname) !== '').map((link) => linkFact(netns, link)),
    ...(routes ?? [])
      .filter(({ type }) => !LOCAL.has(text(type)))
      .slice(0, MOST_ROUTES)
      .map((route) => routeFact(netns, route)),
    ...(neighbours ?? []).slice(0, MOST_NEIGHBOURS).flatMap((one) => neighbourFact(netns, one)),
    ...(rules ?? []).map((rule) => policyFact(netns, rule)),
  ];
}

/** A batch prints one array a command, with or without lines between. */
export function arraysIn(output: string): Json[][] {
  const parts = output.split(/^(?=\[)/m).filter((part) => part.trim() !== '');
  return parts.map((part) => {
    try {
      return records(JSON.parse(part) as unknown);
    } catch {
      return [];
    }
  });
}

function linkFact(netns: number, link: Json): NodeFact<'link'> {
  const info = record(link.linkinfo);
  const slave = record(info.info_slave_data);
  const value = {
    index: number(link.ifindex),
    mtu: number(link.mtu),
    up: list(link.flags).includes('UP') && link.operstate !== 'DOWN' && link.operstate !== 'LOWERLAYERDOWN',
    mac: text(link.address),
    type: text(info.info_kind) || text(link.link_type),
    master: text(link.master),
    peerIndex: typeof link.link_index === 'number' ? link.link_index : -1,
    peerNsid: typeof link.link_netnsid === 'number' ? link.link_netnsid : -1,
    peerNetns: -1,
    peerName: text(link.link),
    hairpin: slave.hairpin === true,
    addresses: records(link.addr_info).map(({ local, prefixlen }) => `${text(local)}/${number(prefixlen)}`),
  };
  return { kind: 'link', netns, key: text(link.ifname), value };
}

function routeFact(netns: number, route: Json): NodeFact<'route'> {
  const dst = text(route.dst);
  const value = {
    table: String(route.table ?? 'main'),
    dst: dst === 'default' || dst.includes('/') ? dst : `${dst}/32`,
    via: text(route.gateway) || text(record(route.via).host),
    dev: text(route.dev),
    src: text(route.prefsrc),
    type: text(route.type) || 'unicast',
    metric: number(route.metric),
  };
  return { kind: 'route', netns, key: `${value.table} ${value.dst} ${value.dev} ${value.metric}`, value };
}

function neighbourFact(netns: number, one: Json): NodeFact<'neighbour'>[] {
  const states = list(one.state);
  if (states.includes('NOARP')) return [];
  const failed = states.some((state) => FAILED.has(String(state)));
  return [{ kind: 'neighbour', netns, key: `${text(one.dev)} ${text(one.dst)}`, value: { mac: text(one.lladdr), failed } }];
}

function policyFact(netns: number, rule: Json): NodeFact<'policy'> {
  const words = Object.entries(rule).map(([name, value]) => `${name} ${String(value ?? '')}`.trim());
  return { kind: 'policy', netns, key: words.join(' '), value: { text: words.join(' ') } };
}

/** Inodes of other namespaces by the number that the links of one have for them. `others`: those that they may be. */
export function peerInodes(
  tools: Tools,
  namespace: Namespace,
  others: readonly FoundNamespace[],
  wanted: readonly number[],
): Map<number, number> {
  const named = new Map(others.map(({ name, inode }) => [name, inode]));
  const listed = idsIn(tools.ask(namespace, { id: 'peers', command: ['ip', '-json', 'netns', 'list-id'] }));
  const found = new Map([...listed].flatMap(([id, name]) => (named.has(name) ? [[id, named.get(name)!] as const] : [])));
  const unnamed = others.filter(({ name, pids }) => name === '' && pids.length > 0);
  if (unnamed.length === 0 || wanted.every((id) => found.has(id))) return found;
  const pids = unnamed.map((one) => String(one.pids[0]));
  const byPid = new Map(unnamed.map(({ pids: [pid], inode }) => [String(pid), inode]));
  for (const [id, pid] of idsIn(
    tools.ask(namespace, { id: 'peers-unnamed', command: ['unshare', '-m', 'sh', '-c', GIVE_NAMES, 'sh', ...pids] }),
  ))
    if (byPid.has(pid)) found.set(id, byPid.get(pid)!);
  return found;
}

/** `ip` knows namespaces by the files of /run/netns. They are made in a mount namespace that ends with the shell: the node sees nothing of it. */
const GIVE_NAMES =
  'mount -t tmpfs none /run && mkdir /run/netns && for pid; do : >/run/netns/$pid; mount --bind /proc/$pid/ns/net /run/netns/$pid 2>/dev/null; done; ip -json netns list-id';

function idsIn(output: string | null): Map<number, string> {
  const [found] = arraysIn(output ?? '');
  return new Map((found ?? []).flatMap(({ nsid, name }) => (text(name) === '' ? [] : [[number(nsid), text(name)] as const])));
}
