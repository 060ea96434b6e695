/** What else was read of a node: how its pods resolve names, what its CNI is told, what its kernel said, which processes cannot answer. */
import { parseResolvConf, type ResolvConf } from '../../dns/resolv.ts';
import { type Json, list, record, records, text } from '../../model/json.ts';
import type { Held } from '../../node/state.ts';
import { column } from '../../report/column.ts';
import { facts, netns, type Placed, view, where } from './net-view.ts';

/** A namespace's resolver, and what its file means. */
interface Resolver extends Placed<'resolver'> {
  readonly conf: ResolvConf;
}

const linesOf = (file: string) => file.split('\n').filter((line) => /^[^#\s]/.test(line));

export const RESOLVERS = view<Resolver>({
  doc: 'how one namespace resolves names: its resolv.conf and hosts',
  columns: [
    where(),
    column('nameservers', 'text', 'who is asked', ({ conf }) => conf.nameservers, { many: true }),
    column('search', 'text', 'suffixes that are tried', ({ conf }) => conf.search, { many: true }),
    column('ndots', 'number', 'names with fewer dots are tried with suffixes first', ({ conf }) => conf.ndots),
    column('options', 'text', 'as the file has them', ({ conf }) => conf.options, { many: true }),
    column('hosts', 'text', 'lines of its hosts file', ({ fact }) => linesOf(fact.value.hosts), { many: true, audience: 'programs' }),
    netns(),
  ],
  items: (cluster) => facts('resolver')(cluster).map((placed) => ({ ...placed, conf: parseResolvConf(placed.fact.value.resolvConf) })),
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
  readonly content: string;
}

/** One file of the CNI: a list of plugins, or one plugin that is its own list. What is no JSON has a text and nothing else. */
export function parseCni(file: string, content: string): CniConfig {
  const conf = objectIn(content);
  const plugins = 'plugins' in conf ? records(conf.plugins) : 'type' in conf ? [conf] : [];
  return { file, name: text(conf.name), plugins: plugins.map(pluginOf), content };
}

function objectIn(content: string): Json {
  try {
    return record(JSON.parse(content));
  } catch {
    return {}; // a file that the plugins cannot read either, or one that was cut: its text is told all the same
  }
}

function pluginOf({ type, bridge, mtu, ipam }: Json): CniPlugin {
  const { ranges, ...own } = record(ipam);
  const subnets = [own, ...list(ranges).flatMap(records)].map(({ subnet }) => text(subnet));
  return {
    type: text(type),
    bridge: text(bridge),
    mtu: typeof mtu === 'number' ? mtu : null,
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
    column('text', 'text', 'the file', ({ content }) => content, { audience: 'programs' }),
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
    where(),
    column('process', 'text', 'name and number', ({ fact }) => `${fact.value.comm} (${fact.key})`),
    column('state', 'text', 'what it does', ({ fact: { value } }) => STATES[value.state] ?? value.state),
    column('fds', 'count', 'descriptors that it has', ({ fact: { value } }) => (value.fds < 0 ? null : value.fds), { nullable: true }),
    column('limit', 'count', 'how many it may have', ({ fact: { value } }) => (value.limit < 0 ? null : value.limit), { nullable: true }),
    netns(),
  ],
  items: facts('process'),
});
