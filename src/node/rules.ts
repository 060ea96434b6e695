/** Packet filters and translation: iptables of either kind, nftables' own tables, IPVS. Rules and their counters are facts apart. */
import { type Json, list, number, record, text } from '../model/json.ts';
import type { NodeFact } from '../model/node.ts';
import { netText } from './counters.ts';
import type { FoundNamespace } from './processes.ts';
import type { Namespace, Tools } from './tools.ts';

/** Rules of a chain, at most: a service mesh of thousands of services still fits. */
const MOST_RULES = 5_000;

interface Chain {
  policy: string;
  readonly rules: string[];
  policyHits: number;
  readonly hits: number[];
}

/** Rules of both kinds of iptables that a kernel may have at once. Null: they could not be listed. */
export function iptablesFacts(tools: Tools, namespace: FoundNamespace, family: 'ip' | 'ip6'): NodeFact[] | null {
  const output = tools.ask(namespace, { id: `${family}tables`, command: [`${family}tables-save`, '-c'] });
  if (output === null) return null;
  const chains = parseIptables(output, family);
  // iptables-save of one kind says nothing of the other's rules
  const legacy = netText(tools, namespace, `${family}_tables_names`).trim() === '' ? '' : legacyOutput(tools, namespace, family);
  return factsOf(namespace.inode, withLegacy(chains, parseIptables(legacy, family)));
}

const legacyOutput = (tools: Tools, namespace: FoundNamespace, family: 'ip' | 'ip6'): string =>
  tools.ask(namespace, { id: `${family}tables-legacy`, command: [`${family}tables-legacy-save`, '-c'] }) ?? '';

/** Where both kinds have rules in a chain of one name, the older kind's is `ip-legacy …`: a packet passes both. */
export function withLegacy(chains: ReadonlyMap<string, Chain>, legacy: ReadonlyMap<string, Chain>): Map<string, Chain> {
  const found = new Map(chains);
  for (const [key, chain] of legacy) {
    const other = chains.get(key);
    if (other === undefined || (other.rules.length === 0 && other.policy !== 'DROP')) found.set(key, chain);
    else if (other.rules.join('\n') !== chain.rules.join('\n')) found.set(key.replace(' ', '-legacy '), chain);
  }
  return found;
}

const SAVED = /^(?:\[(?<packets>\d+):\d+\] )?-A (?<chain>\S+) ?(?<rule>.*)$/;
const CHAIN = /^:(?<chain>\S+) (?<policy>\S+)(?: \[(?<packets>\d+):\d+\])?/;

/** iptables-save's text: chains by `family table chain`. */
export function parseIptables(saved: string, family: string): Map<string, Chain> {
  const chains = new Map<string, Chain>();
  let table = '';
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const chain = CHAIN.exec(line)?.groups;
    if (chain !== undefined)
      chains.set(`${family} ${table} ${chain.chain}`, {
        policy: chain.policy === '-' ? '' : chain.policy!,
        rules: [],
        policyHits: Number(chain.packets ?? 0),
        hits: [],
      });
    const rule = SAVED.exec(line)?.groups;
    const owner = rule === undefined ? undefined : chains.get(`${family} ${table} ${rule.chain}`);
    if (rule === undefined || owner === undefined || owner.rules.length >= MOST_RULES) continue;
    owner.rules.push(rule.rule!);
    owner.hits.push(Number(rule.packets ?? 0));
  }
  return chains;
}

function factsOf(netns: number, chains: ReadonlyMap<string, Chain>): NodeFact[] {
  return [...chains].flatMap(([key, { policy, rules, policyHits, hits }]): NodeFact[] => [
    { kind: 'chain', netns, key, value: { policy, rules } },
    { kind: 'hits', netns, key, value: { policy: policyHits, rules: hits } },
  ]);
}

/** Tables that iptables made in nftables: iptables-save lists them better. */
const OF_IPTABLES = /^(ip|ip6) (raw|mangle|nat|filter|security)$/;

export function nftFacts(tools: Tools, namespace: Namespace): NodeFact[] {
  const output = tools.ask(namespace, { id: 'nftables', command: ['nft', '--json', 'list', 'ruleset'] });
  if (output === null) return [];
  let all: readonly unknown[];
  try {
    all = list(record(JSON.parse(output) as unknown).nftables);
  } catch {
    return [];
  }
  return factsOf(namespace.inode, parseNft(all.map(record)));
}

export function parseNft(items: readonly Json[]): Map<string, Chain> {
  const chains = new Map<string, Chain>();
  const nameOf = ({ family, table }: Json, chain: unknown) => `${text(family)} ${text(table)} ${text(chain)}`;
  for (const item of items) {
    const chain = record(item.chain);
    const rule = record(item.rule);
    const one = item.chain === undefined ? rule : chain;
    if (OF_IPTABLES.test(`${text(one.family)} ${text(one.table)}`)) continue;
    if (item.chain !== undefined)
      chains.set(nameOf(chain, chain.name), { policy: text(chain.policy).toUpperCase(), rules: [], policyHits: -1, hits: [] });
    const owner = item.rule === undefined ? undefined : chains.get(nameOf(rule, rule.chain));
    if (owner === undefined || owner.rules.length >= MOST_RULES) continue;
    const parts = list(rule.expr).map(record);
    owner.rules.push(JSON.stringify(parts.filter(({ counter }) => counter === undefined)));
    owner.hits.push(number(record(parts.find(({ counter }) => counter !== undefined)?.counter).packets));
  }
  return chains;
}

/** IPVS: virtual servers, and where each leads. */
export function ipvsFacts(tools: Tools, namespace: Namespace): NodeFact[] {
  const output = tools.ask(namespace, { id: 'ipvs', command: ['ipvsadm', '-Sn'] }) ?? '';
  const servers = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const [, verb, protocol, virtual] = /^-([Aa]) -([tuf]) (\S+)/.exec(line) ?? [];
    if (verb === undefined) continue;
    const key = `${protocol === 'u' ? 'udp' : 'tcp'} ${virtual}`;
    if (verb === 'A') servers.set(key, []);
    else servers.get(key)?.push(/ -r (\S+)/.exec(line)?.[1] ?? '');
  }
  return [...servers].map(([key, all]) => ({ kind: 'ipvs', netns: namespace.inode, key, value: { servers: all } }));
}
