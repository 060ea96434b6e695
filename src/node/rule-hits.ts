/** Which rules of the node's packet filter counted packets while the recording ran, and which packets they are about. */
import ipaddr from 'ipaddr.js';
import type { NodeState } from './state.ts';

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

/** A packet as rules look at it. A port of 0: it differs from packet to packet. */
export interface PacketEnds {
  readonly l4proto: number;
  readonly src: { readonly ip: string; readonly port: number };
  readonly dst: { readonly ip: string; readonly port: number };
}

/** Rules and policies that drop or refuse, and counted something. Of a chain that was changed meanwhile nothing can be told. */
export function droppingHits(node: NodeState, end: number): RuleHit[] {
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

/** Whether a rule's addresses, protocol and ports are those of the packet; one without fits all, and what is not understood does. */
export function fits(rule: string, { src, dst, l4proto }: PacketEnds): boolean {
  return rule.startsWith('[') ? nftFits(rule, { src, dst, l4proto }) : iptablesFits(rule, { src, dst, l4proto });
}

function iptablesFits(rule: string, { src, dst, l4proto }: PacketEnds): boolean {
  const protocol = /(?<!! )-p (tcp|udp)\b/.exec(rule)?.[1];
  const port = Number(/(?<!! )--dport (\d+)(?![:\d])/.exec(rule)?.[1] ?? 0);
  return (
    inRange(/(! )?-s (\S+)/.exec(rule), src.ip) &&
    inRange(/(! )?-d (\S+)/.exec(rule), dst.ip) &&
    (protocol === undefined || PROTOCOLS[protocol] === l4proto) &&
    (port === 0 || dst.port === port)
  );
}

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

function inRange(found: RegExpExecArray | null, ip: string): boolean {
  if (found === null) return true;
  return isWithin(ip, found[2]!) !== (found[1] !== undefined);
}

const NFT_ADDRESS = /"field":"(saddr|daddr)"\}\},"right":"([0-9a-f.:]+)"/g;

/** Only plain comparisons with one address are understood. */
function nftFits(rule: string, { src, dst }: PacketEnds): boolean {
  return [...rule.matchAll(NFT_ADDRESS)].every(([, field, ip]) => ip === (field === 'saddr' ? src.ip : dst.ip));
}

/** `range`: an address, or one with its prefix. */
export function isWithin(ip: string, range: string): boolean {
  try {
    const address = ipaddr.parse(ip);
    const [base, bits] = range.includes('/') ? ipaddr.parseCIDR(range) : [ipaddr.parse(range), undefined];
    return address.kind() === base.kind() && address.match(base, bits ?? (address.kind() === 'ipv4' ? 32 : 128));
  } catch {
    return false;
  }
}
