/** Which rules of the node's packet filter counted packets while the recording ran. */
import type { Examined } from './examined.ts';

export interface RuleHit {
  /** `ip filter FORWARD` */
  readonly chain: string;
  /** As the tool lists it; `policy DROP` for the chain's own policy. */
  readonly rule: string;
  /** 1 for the first rule; 0: the policy. */
  readonly position: number;
  readonly packets: number;
  /** ns since the capture's start from which on the rule was seen. */
  readonly since: number;
}

/** Rules and policies that drop or refuse, and counted something. Of a chain that was changed meanwhile nothing can be told. */
export function droppingHits({ node, end }: Examined): RuleHit[] {
  const { host } = node;
  const growth = node.growth('hits', host);
  return node.at('chain', end, host).flatMap((chain): RuleHit[] => {
    const counted = growth.get(chain.key);
    if (
      counted === undefined ||
      counted.first.kind !== 'hits' ||
      node.versions('chain', host).filter(({ key }) => key === chain.key).length > 1
    )
      return [];
    const [first, last] = [counted.first.value as Counted, counted.last.value as Counted];
    const grown = (index: number) => (last.rules[index] ?? 0) - (first.rules[index] ?? 0);
    const rules = chain.value.rules.map((rule, index) => ({
      chain: chain.key,
      rule,
      position: index + 1,
      packets: grown(index),
      since: chain.from,
    }));
    const policy = {
      chain: chain.key,
      rule: `policy ${chain.value.policy}`,
      position: 0,
      packets: last.policy - first.policy,
      since: chain.from,
    };
    return [policy, ...rules].filter(({ rule, packets }) => packets > 0 && DROPS.test(rule));
  });
}

interface Counted {
  readonly policy: number;
  readonly rules: readonly number[];
}

const DROPS = /(^policy DROP$|-j (DROP|REJECT)\b|"drop":|"reject":)/;

/** Of such a rule: whether it says itself that a service has no endpoints, or that packets make no sense. */
export const isUsual = (rule: string) => /has no endpoints|ctstate INVALID|has no local endpoints/.test(rule);
