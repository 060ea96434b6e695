/** What else was read of a node: how its pods resolve names, what its CNI is told, what its kernel said, which processes cannot answer. */
import { parseResolvConf, type ResolvConf } from '../../dns/resolv.ts';
import type { NodeKind } from '../../model/node.ts';
import type { Cluster } from '../../node/cluster.ts';
import type { Held } from '../../node/state.ts';
import { column } from '../../report/column.ts';
import { view } from './net-view.ts';

interface Placed<Kind extends NodeKind> extends Held<Kind> {
  /** The node, a pod, or a namespace. */
  readonly where: string;
}

const placed =
  <Kind extends NodeKind>(kind: Kind) =>
  (cluster: Cluster): Placed<Kind>[] =>
    cluster.node.at(kind, cluster.time).map((fact) => ({ ...fact, where: cluster.placeOf(fact.netns)?.name ?? '' }));

/** A namespace's resolver, and what its file means. */
interface Resolver extends Placed<'resolver'> {
  readonly conf: ResolvConf;
}

const linesOf = (text: string) => text.split('\n').filter((line) => /^[^#\s]/.test(line));

export const RESOLVERS = view<Resolver>({
  doc: 'how one namespace resolves names: its resolv.conf and hosts',
  columns: [
    column('of', 'text', 'the node, a pod, or a namespace', ({ where }) => where),
    column('nameservers', 'text', 'who is asked', ({ conf }) => conf.nameservers, { many: true }),
    column('search', 'text', 'suffixes that are tried', ({ conf }) => conf.search, { many: true }),
    column('ndots', 'number', 'names with fewer dots are tried with suffixes first', ({ conf }) => conf.ndots),
    column('options', 'text', 'as the file has them', ({ conf }) => conf.options, { many: true }),
    column('hosts', 'text', 'lines of its hosts file', ({ value }) => linesOf(value.hosts), { many: true, audience: 'programs' }),
    column('netns', 'number', 'inode of the network namespace', ({ netns }) => netns, { audience: 'programs' }),
  ],
  items: (cluster) => placed('resolver')(cluster).map((fact) => ({ ...fact, conf: parseResolvConf(fact.value.resolvConf) })),
});

interface CniPlugin {
  readonly type: string;
  readonly bridge: string;
  readonly mtu: number | null;
  readonly ranges: readonly string[];
}

interface CniConfig {
  readonly file: string;
  readonly name: string;
  readonly plugins: readonly CniPlugin[];
  readonly text: string;
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** One file of the CNI: a list of plugins, or one plugin that is its own list. What is no JSON has a text and nothing else. */
export function parseCni(file: string, text: string): CniConfig {
  let conf: Json = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) conf = parsed;
  } catch {}
  const plugins = 'plugins' in conf ? objects(conf.plugins) : 'type' in conf ? [conf] : [];
  return { file, name: textOf(conf.name), plugins: plugins.map(pluginOf), text };
}

function pluginOf(plugin: Json): CniPlugin {
  const ipam = isObject(plugin.ipam) ? plugin.ipam : {};
  const lists = Array.isArray(ipam.ranges) ? ipam.ranges : [];
  const subnets = [ipam, ...lists.flatMap(objects)].map(({ subnet }) => textOf(subnet));
  return {
    type: textOf(plugin.type),
    bridge: textOf(plugin.bridge),
    mtu: typeof plugin.mtu === 'number' ? plugin.mtu : null,
    ranges: subnets.filter((subnet) => subnet !== ''),
  };
}

export const CNI = view<CniConfig>({
  doc: 'one file of the CNI’s configuration',
  columns: [
    column('file', 'text', 'its name below /etc/cni/net.d', ({ file }) => file),
    column('network', 'text', 'the name that it gives the network', ({ name }) => name || null, { nullable: true }),
    column('plugins', 'text', 'which are called, in their order', ({ plugins }) => plugins.map(({ type }) => type), { many: true }),
    column('bridge', 'text', 'that pods hang from', ({ plugins }) => plugins.find(({ bridge }) => bridge !== '')?.bridge ?? null, {
      nullable: true,
    }),
    column('mtu', 'number', 'bytes', ({ plugins }) => plugins.find(({ mtu }) => mtu !== null)?.mtu ?? null, { nullable: true }),
    column('ranges', 'text', 'addresses that pods get', ({ plugins }) => plugins.flatMap(({ ranges }) => ranges), { many: true }),
    column('text', 'text', 'the file', ({ text }) => text, { audience: 'programs' }),
  ],
  items: ({ node, time }) => node.at('cni', time).map(({ key, value }) => parseCni(key, value.text)),
});

export const LOG = view<Held<'kernelLog'>>({
  doc: 'one line of the kernel’s log about the network, memory or a crash',
  columns: [
    column('at', 'ns', 'since the capture began', ({ value }) => value.time),
    column('line', 'text', 'what it said', ({ value }) => value.text),
  ],
  items: ({ node, time }) => node.at('kernelLog', time).toSorted((a, b) => a.value.time - b.value.time),
});

const STATES: Readonly<Record<string, string>> = {
  R: 'runs',
  S: 'waits',
  T: 'stopped',
  t: 'stopped by a debugger',
  D: 'waits in the kernel',
  Z: 'dead',
};

export const PROCESSES = view<Placed<'process'>>({
  doc: 'one process that cannot answer: stopped, waiting in the kernel, dead, or nearly out of descriptors',
  columns: [
    column('of', 'text', 'the node, a pod, or a namespace', ({ where }) => where),
    column('process', 'text', 'name and number', ({ key, value }) => `${value.comm} (${key})`),
    column('state', 'text', 'what it does', ({ value }) => STATES[value.state] ?? value.state),
    column('fds', 'count', 'descriptors that it has', ({ value }) => (value.fds < 0 ? null : value.fds), { nullable: true }),
    column('limit', 'count', 'how many it may have', ({ value }) => (value.limit < 0 ? null : value.limit), { nullable: true }),
    column('netns', 'number', 'inode of the network namespace', ({ netns }) => netns, { audience: 'programs' }),
  ],
  items: placed('process'),
});
