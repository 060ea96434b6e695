/** Where packets vanished: what the kernel dropped, by ends, place and reason, with the rule that did it and the way until there. */
import type { Capture } from '../../capture/capture.ts';
import { Examined } from '../../doctor/examined.ts';
import type { Drop } from '../../doctor/observed.ts';
import { endText } from '../../model/fd-name.ts';
import type { Cluster } from '../../node/cluster.ts';
import { ruleText, type Vanishing, Ways } from '../../node/way.ts';
import { column } from '../../report/column.ts';
import { view } from './net-view.ts';

interface Vanished {
  readonly drop: Drop;
  readonly way: Vanishing;
  readonly src: string;
  readonly dst: string;
}

const PROGRAMS = { audience: 'programs' } as const;

export const DROPS = view<Vanished>({
  doc: 'packets that the kernel dropped alike: where they came from, which way, and where they vanished',
  columns: [
    column('packets', 'count', 'how many', ({ drop }) => drop.count),
    column('syns', 'count', 'how many of them were the first of a connection, as far as it shows', ({ drop }) => drop.syns, PROGRAMS),
    column('reason', 'text', 'the kernel’s', ({ drop }) => drop.reason),
    column('from', 'text', 'pod, service, or address', ({ src }) => src),
    column('to', 'text', 'pod, service, or address', ({ dst }) => dst),
    column('address', 'text', 'protocol and address that they were for by then', ({ drop }) => `${protocolOf(drop)} ${endText(drop.dst)}`),
    column('at', 'text', 'the node, a pod, or a namespace', ({ way }) => way.at),
    column('link', 'text', 'interface there', ({ way }) => way.link || null, { nullable: true }),
    column('passed', 'text', 'interfaces before, from the sender on', ({ way }) => way.passed, { many: true }),
    column('rule', 'text', 'of the packet filter, with what it counted meanwhile', ({ way }) => ruleOf(way), { nullable: true }),
    column('exact', 'text', 'yes: the rule counted just as many', ({ way }) => (way.rule === null ? null : way.exact ? 'yes' : 'no'), {
      nullable: true,
      ...PROGRAMS,
    }),
    column('first', 'ns', 'since the capture began', ({ drop }) => drop.first, PROGRAMS),
    column('last', 'ns', 'since the capture began', ({ drop }) => drop.last, PROGRAMS),
    column('event', 'num', 'the first event that shows it', ({ drop }) => drop.nums[0]!),
  ],
  items: vanished,
});

function vanished(cluster: Cluster, capture: Capture): Vanished[] {
  const examined = new Examined(capture);
  const ways = new Ways(cluster, examined.observed.drops);
  return examined
    .drops(({ first }) => first <= cluster.time)
    .sort((a, b) => b.count - a.count)
    .map((drop) => ({
      drop,
      way: ways.vanishing(drop),
      src: cluster.nameAt(drop.src.ip),
      dst: cluster.nameAt(drop.dst.ip, drop.dst.port),
    }));
}

const PROTOCOLS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp' };
const protocolOf = ({ l4proto }: Drop) => PROTOCOLS[l4proto] ?? String(l4proto);

function ruleOf({ rule, full }: Vanishing): string | null {
  if (rule !== null) return ruleText(rule);
  return full === null ? null : `none: the table of connections is full (${full.count} of ${full.max})`;
}
