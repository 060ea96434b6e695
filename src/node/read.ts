/** One look at the node: all facts of its own network and of its pods' at a moment. Nothing of the node is changed. */
import { existsSync } from 'node:fs';
import type { NodeFact, NodeKind, NodeMissing, NodeValue } from '../model/node.ts';
import { steadyNow } from '../model/steady.ts';
import { conntrackFacts, counterFacts, forwardingFact, NET_FILES, netText, SYSCTL_VALUES, sysctlFacts, sysctlValues } from './counters.ts';
import { LINKS, linkFacts, peerInodes } from './links.ts';
import { trafficFacts } from './proc-net.ts';
import { allNamespaces, type FoundNamespace, hiddenProcesses, namespaceAt, namespaceFact, sickProcesses } from './processes.ts';
import { iptablesFacts, ipvsFacts, nftFacts } from './rules.ts';
import { LISTENERS, listenerFacts, Owners } from './sockets.ts';
import { cniFacts, flowFacts, kernelLogFacts, resolverFact } from './texts.ts';
import { type Depth, Tools } from './tools.ts';

export interface Snapshot {
  /** ms since 1970. */
  readonly at: number;
  /** Kinds of which all facts are here: what is missing is gone. */
  readonly kinds: readonly NodeKind[];
  readonly facts: readonly NodeFact[];
  readonly missing: readonly NodeMissing[];
}

/** Namespaces that are looked into: a node has at most 110 pods by default, and few have more than twice that. */
const MOST_NAMESPACES = 512;

const STRUCTURE: readonly NodeKind[] = [
  'netns',
  'link',
  'route',
  'policy',
  'neighbour',
  'sysctl',
  'chain',
  'ipvs',
  'conntrack',
  'resolver',
  'cni',
  'process',
];
const COUNTED: readonly NodeKind[] = ['hits', 'flow', 'listener', 'counter', 'traffic', 'kernelLog'];

/** `hostPath`: the namespace that counts as the node's; null: the first process'. */
export function readNode(hostPath: string | null, depth: Depth): Snapshot {
  const own = namespaceAt('/proc/self/ns/net');
  const all = allNamespaces();
  const tools = new Tools(own);
  const host = hostNamespace(hostPath, all);
  const hidden = hiddenProcesses();
  if (hidden > 0)
    tools.miss(
      'namespaces',
      `which network namespace ${hidden} ${hidden === 1 ? 'process is' : 'processes are'} in is seen with CAP_SYS_PTRACE only`,
    );
  const at = steadyNow();
  const hostFacts = readHost(tools, host, depth, at);
  const others = [...all.values()].filter(({ inode }) => inode !== host.inode);
  const peers = peerInodes(tools, host, others, portsOf(hostFacts));
  const linked = hostPath === null ? null : new Set(portsOf(hostFacts).map((id) => peers.get(id)));
  const pods = namespacesOf(others, linked, hidden > 0).slice(0, MOST_NAMESPACES);
  prepare(tools, pods, depth);
  const owners = new Owners();
  const everywhere = [host, ...pods].flatMap((namespace) => readAny(tools, namespace, namespace === host, depth, owners));
  const facts = [...hostFacts, ...everywhere];
  joinPeers(facts, host, peers);
  return { at, kinds: depth === 'all' ? [...STRUCTURE, ...COUNTED] : STRUCTURE, facts, missing: tools.missing };
}

/** Each namespace is entered once and asked everything there; files of one without a process are seen from inside only. */
function prepare(tools: Tools, namespaces: readonly FoundNamespace[], depth: Depth): void {
  const questions = depth === 'all' ? [LINKS, SYSCTL_VALUES, LISTENERS] : [LINKS, SYSCTL_VALUES];
  const isEmpty = ({ pids }: FoundNamespace) => pids.length === 0;
  tools.prepare(
    namespaces.filter((one) => !isEmpty(one)),
    questions,
  );
  tools.prepare(namespaces.filter(isEmpty), [...questions, ...NET_FILES[depth]]);
}

export function hostNamespace(path: string | null, all: ReadonlyMap<number, FoundNamespace>): FoundNamespace {
  const found = path ?? '/proc/1/ns/net';
  const inode = namespaceAt(found) || namespaceAt('/proc/self/ns/net');
  return { name: '', pids: [], ...all.get(inode), inode, path: found };
}

/**
 * With a host of one's own, only what hangs from it. `linked`: inodes of these; null: whatever there is. One with a name and no process
 * is nobody's, unless the processes in it may just not be seen.
 */
function namespacesOf(
  others: readonly FoundNamespace[],
  linked: ReadonlySet<number | undefined> | null,
  hidden: boolean,
): FoundNamespace[] {
  return others.filter(({ inode, pids, name }) => (pids.length > 0 || (hidden && name !== '')) && (linked === null || linked.has(inode)));
}

/** Numbers of the namespaces behind the host's veths, without uplinks: those have an address. */
function portsOf(facts: readonly NodeFact[]): number[] {
  return facts
    .filter(isLink)
    .filter(({ value }) => value.type === 'veth' && !value.addresses.some((address) => !LINK_LOCAL.test(address)))
    .map(({ value }) => value.peerNsid);
}

const LINK_LOCAL = /^(fe80:|169\.254\.)/;
const isLink = (fact: NodeFact): fact is NodeFact<'link'> => fact.kind === 'link';

/** What is read of the node's own namespace only. */
function readHost(tools: Tools, host: FoundNamespace, depth: Depth, at: number): NodeFact[] {
  const loaded = (file: string) => existsSync(`/proc/${host.pids[0] ?? 'self'}/net/${file}`);
  const counted = depth === 'all' ? [...kernelLogFacts(tools, host, at)] : [];
  return [
    ...linkFacts(tools, host),
    ...(iptablesFacts(tools, host, 'ip') ?? []),
    ...(iptablesFacts(tools, host, 'ip6') ?? []),
    ...nftFacts(tools, host),
    ...(loaded('ip_vs') ? ipvsFacts(tools, host) : []),
    ...(depth === 'all' && loaded('stat/nf_conntrack') ? flowFacts(tools, host, entriesOf(tools, host)) : []),
    ...cniFacts(tools),
    ...counted,
  ];
}

function entriesOf(tools: Tools, host: FoundNamespace): number {
  return Number.parseInt(netText(tools, host, 'stat/nf_conntrack').split('\n')[1] ?? '0', 16);
}

/** What is read of every namespace; the links of pods come with it, those of the host it has already. */
function readAny(tools: Tools, namespace: FoundNamespace, host: boolean, depth: Depth, owners: Owners): NodeFact[] {
  const values = sysctlValues(tools, namespace);
  const sysctls = values.size === 0 ? forwardingFact(namespace) : sysctlFacts(namespace.inode, values);
  return [
    namespaceFact(namespace, host),
    ...(host ? [] : linkFacts(tools, namespace)),
    ...sysctls,
    ...conntrackFacts(tools, namespace, values),
    ...resolverFact(namespace),
    ...sickProcesses(namespace),
    ...(depth === 'all' ? countedFacts(tools, namespace, owners) : []),
  ];
}

function countedFacts(tools: Tools, namespace: FoundNamespace, owners: Owners): NodeFact[] {
  return [
    ...listenerFacts(tools, namespace, owners),
    ...counterFacts(tools, namespace),
    ...trafficFacts(namespace.inode, netText(tools, namespace, 'dev')),
  ];
}

/** Gives both ends of each veth pair the other's namespace: by the number the host has for it, else by the numbers of both ends. */
function joinPeers(facts: readonly NodeFact[], host: FoundNamespace, peers: ReadonlyMap<number, number>): void {
  const links = facts.filter(isLink);
  const inner = links.filter(({ netns, value }) => netns !== host.inode && value.peerIndex > 0);
  for (const { key, value } of links.filter((link) => link.netns === host.inode && link.value.type === 'veth')) {
    const known = peers.get(value.peerNsid);
    const ends = inner.filter((one) => one.value.peerIndex === value.index && one.value.index === value.peerIndex);
    const other = ends.find(({ netns }) => netns === known) ?? (known === undefined && ends.length === 1 ? ends[0] : undefined);
    if (other === undefined) continue;
    pair(value, other.netns, other.key);
    pair(other.value, host.inode, key);
  }
}

function pair(value: NodeValue<'link'>, netns: number, name: string): void {
  value.peerNetns = netns;
  value.peerName = name;
}
