/** kube-proxy's rules, read back: which service address leads where, with which probability. */
import type { Held, NodeState } from './state.ts';

export interface RuleTarget {
  /** `172.17.0.4:8080` */
  readonly address: string;
  /** 0 to 1. */
  readonly share: number;
}

export interface ServiceRule {
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
  /** As the rule's comment has it: `shop/cart:http`. */
  readonly name: string;
  readonly targets: readonly RuleTarget[];
  /** It answers that there are no endpoints. */
  readonly rejects: boolean;
  /** Who made it: iptables, ipvs, nftables. */
  readonly by: string;
  /** ns since the capture's start. */
  readonly since: number;
}

type Chains = ReadonlyMap<string, Held<'chain'>>;

export function serviceRules(node: NodeState, time: number): ServiceRule[] {
  const chains = new Map(node.at('chain', time, node.host).map((chain) => [chain.key, chain]));
  return [...iptablesRules(chains), ...ipvsRules(node.at('ipvs', time, node.host))];
}

/** Whether any rule of the node speaks of an address, whoever wrote it. */
export function mentions(node: NodeState, time: number, ip: string): boolean {
  const word = new RegExp(`(^|[^0-9a-f.:])${ip.replaceAll('.', '\\.')}([^0-9.]|$)`);
  return (
    node.at('chain', time, node.host).some(({ value }) => value.rules.some((rule) => word.test(rule))) ||
    node.at('ipvs', time, node.host).some(({ key }) => word.test(key))
  );
}

function iptablesRules(chains: Chains): ServiceRule[] {
  return [...chains.values()]
    .filter(({ key }) => / (nat|filter) KUBE-(SERVICES|EXTERNAL-SERVICES)$/.test(key))
    .flatMap((entry) =>
      entry.value.rules.flatMap((rule): ServiceRule[] => {
        const ip = /-d ([0-9a-f.:]+)\/(?:32|128)/.exec(rule)?.[1];
        const port = Number(/--dport (\d+)/.exec(rule)?.[1] ?? 0);
        const jump = /-j (\S+)/.exec(rule)?.[1] ?? '';
        if (ip === undefined || !/^(KUBE-SVC-|REJECT|DROP)/.test(jump)) return [];
        const name = (/--comment "?([^" ]+)/.exec(rule)?.[1] ?? '').trim();
        const table = entry.key.split(' ').slice(0, 2).join(' ');
        const targets = jump.startsWith('KUBE-SVC-') ? targetsOf(chains, table, jump) : [];
        return [
          {
            ip,
            port,
            protocol: /-p (\S+)/.exec(rule)?.[1] ?? '',
            name,
            targets,
            rejects: !jump.startsWith('KUBE-'),
            by: 'iptables',
            since: entry.from,
          },
        ];
      }),
    );
}

/** Rules are tried in turn: each takes its part of what those before it left. */
function targetsOf(chains: Chains, table: string, name: string): RuleTarget[] {
  let left = 1;
  return (chains.get(`${table} ${name}`)?.value.rules ?? []).flatMap((rule): RuleTarget[] => {
    const next = /-j (KUBE-SEP-\S+)/.exec(rule)?.[1];
    if (next === undefined) return [];
    const share = left * Number(/--probability ([0-9.]+)/.exec(rule)?.[1] ?? 1);
    left -= share;
    const address = (chains.get(`${table} ${next}`)?.value.rules ?? [])
      .map((one) => /--to-destination (\S+)/.exec(one)?.[1])
      .find((one) => one !== undefined);
    return address === undefined ? [] : [{ address, share: Math.round(share * 1000) / 1000 }];
  });
}

function ipvsRules(servers: readonly Held<'ipvs'>[]): ServiceRule[] {
  return servers.flatMap(({ key, value, from }): ServiceRule[] => {
    const [protocol = '', address = ''] = key.split(' ');
    const at = address.lastIndexOf(':');
    const share = Math.round(1000 / Math.max(1, value.servers.length)) / 1000;
    const targets = value.servers.map((one) => ({ address: one, share }));
    return [
      {
        ip: address.slice(0, at),
        port: Number(address.slice(at + 1)),
        protocol,
        name: '',
        targets,
        rejects: false,
        by: 'ipvs',
        since: from,
      },
    ];
  });
}
