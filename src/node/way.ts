/** Where packets vanished: which interfaces they had come by, in which namespace they were dropped, and by which rule. */
import type { Cluster, PodPlace } from './cluster.ts';
import { droppingHits, fits, isUsual, type PacketEnds, type RuleHit } from './rule-hits.ts';

/** Packets that the kernel dropped alike. */
export interface Dropped extends PacketEnds {
  /** The kernel's word for why. */
  readonly reason: string;
  /** Inode of the namespace in which. */
  readonly netns: number;
  /** Index of the interface that they were on there; 0: none. */
  readonly ifindex: number;
  readonly count: number;
}

export interface Vanishing {
  /** The node, a pod, or a namespace that was not looked into. */
  readonly at: string;
  /** Interface there; empty: not known. */
  readonly link: string;
  /** Interfaces that they passed before, from the sender on; empty: not known. */
  readonly passed: readonly string[];
  /** Null: none dropped them, or it cannot be told which. */
  readonly rule: RuleHit | null;
  /** The rule counted as many packets as were dropped. */
  readonly exact: boolean;
  /** The table of connections there was full; null: it was not, or was not looked at. */
  readonly full: { readonly count: number; readonly max: number } | null;
}

/** Part of the table from which on new connections find no room. */
const FULL = 0.99;

export class Ways {
  readonly #cluster: Cluster;
  readonly #all: readonly Dropped[];
  #hits: readonly RuleHit[] | null = null;

  /** `all`: everything that was dropped, for rules are told apart by how many each counted. */
  constructor(cluster: Cluster, all: readonly Dropped[]) {
    this.#cluster = cluster;
    this.#all = all;
  }

  vanishing(dropped: Dropped): Vanishing {
    const { netns, ifindex } = dropped;
    const place = this.#cluster.placeOf(netns);
    const rule = this.#ruleOf(dropped);
    return {
      at: place?.name ?? (netns === 0 ? 'a namespace that is not told' : `network namespace ${netns} (not looked into)`),
      link: ifindex > 0 ? this.#linkName(netns, ifindex) : '',
      passed: this.#passed(dropped, place),
      rule,
      exact: rule !== null && rule.packets === this.#recorded(rule),
      full: rule === null && dropped.reason === 'NETFILTER_DROP' ? this.#fullTable(netns) : null,
    };
  }

  #fullTable(netns: number): Vanishing['full'] {
    const full = this.#cluster.node.versions('conntrack', netns).find(({ value }) => value.max > 0 && value.count >= FULL * value.max);
    return full === undefined ? null : { count: full.value.count, max: full.value.max };
  }

  #linkName(netns: number, ifindex: number): string {
    const { node, time } = this.#cluster;
    return node.at('link', time, netns).find(({ value }) => value.index === ifindex)?.key ?? '';
  }

  /** A pod has one way out where it has one interface: what is dropped elsewhere went by it. */
  #passed({ src, dst, netns }: Dropped, place: PodPlace | null): string[] {
    const sender = this.#cluster.placeAt(src.ip);
    if (place === null || sender === null || sender.netns === netns || sender.link === null || !this.#hasOneLink(sender.netns)) return [];
    const { key, value } = sender.link;
    const out = [`${value.peerName || 'the interface'} of ${sender.name}`, key, ...(value.master === '' ? [] : [value.master])];
    const receiver = this.#cluster.placeAt(dst.ip);
    return receiver !== null && receiver.netns === netns && receiver.link !== null ? [...out, receiver.link.key] : out;
  }

  #hasOneLink(netns: number): boolean {
    const { node, time } = this.#cluster;
    return node.at('link', time, netns).filter(({ key, value }) => key !== 'lo' && value.up).length === 1;
  }

  /** The only rule that it can have been; of several the one that counted just as many as were dropped. */
  #ruleOf(dropped: Dropped): RuleHit | null {
    if (dropped.reason !== 'NETFILTER_DROP' || dropped.netns !== this.#cluster.node.host) return null;
    const possible = this.#rules.filter((rule) => rule.position === 0 || fits(rule.rule, dropped));
    if (possible.length < 2) return possible[0] ?? null;
    const exact = possible.filter((rule) => rule.packets === this.#recorded(rule));
    return exact.length === 1 ? exact[0]! : null;
  }

  get #rules(): readonly RuleHit[] {
    const { node, time } = this.#cluster;
    this.#hits ??= droppingHits(node, time).filter(
      ({ chain, position, rule }) => !isUsual(rule) && (position > 0 || / filter FORWARD$/.test(chain)),
    );
    return this.#hits;
  }

  /** How many dropped packets a rule may account for. */
  #recorded(rule: RuleHit): number {
    const own = this.#all.filter(
      (one) =>
        one.reason === 'NETFILTER_DROP' &&
        one.netns === this.#cluster.node.host &&
        (rule.position > 0 ? fits(rule.rule, one) : !this.#rules.some((other) => other.position > 0 && fits(other.rule, one))),
    );
    return own.reduce((sum, { count }) => sum + count, 0);
  }
}

/** `rule 1 of ip filter FORWARD (“deny”), which counted 10 packets`. */
export function ruleText({ chain, position, rule, packets }: RuleHit): string {
  const name = /--comment "?([^"]+?)"?(?: -|$)/.exec(rule)?.[1];
  const which = position === 0 ? `the ${rule} of ${chain}` : `rule ${position} of ${chain}${name === undefined ? '' : ` (“${name}”)`}`;
  return `${which}, which counted ${packets} ${packets === 1 ? 'packet' : 'packets'}`;
}

/** `left by eth0 of shop/cart, veth12, cni0 and were dropped in the node by rule 1 of …`. `why`: told where the node does not tell it. */
export function vanishingText(vanishing: Vanishing, why = '', count = 2): string {
  const { at, link, passed } = vanishing;
  const way = passed.length === 0 ? '' : `left by ${passed.join(', ')} and `;
  const where = link === '' || passed.at(-1) === link ? '' : ` on ${link}`;
  return `${way}${count === 1 ? 'was' : 'were'} dropped${at === '' ? '' : ` in ${at}`}${where}${culprit(vanishing) || (why === '' ? '' : ` by ${why}`)}`;
}

function culprit({ rule, full }: Vanishing): string {
  if (rule !== null) return ` by ${ruleText(rule)}`;
  return full === null ? '' : `, whose table of connections (conntrack) is full (${full.count} of ${full.max})`;
}
