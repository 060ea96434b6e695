/** What a recording of some nodes lacks: where the other end of a wait is that was not recorded, and how far times can be compared. */
import { membersOf } from '../capture/members.ts';
import { nodesOf } from '../capture/meta.ts';
import { KubeNames } from '../event/kube-names.ts';
import type { KubeObjectRow } from '../model/kube.ts';
import { spanText } from '../model/time.ts';
import type { Analysis } from './analysis.ts';
import { otherEnds } from './peer.ts';
import type { Phase } from './story.ts';

/** Clocks that differ by less than this part of what is explained do not matter. */
const MATTERS = 0.01;
/** So many nodes are named. */
const MOST_NAMED = 4;

/** Sentences. `phases`: those that matter, with what their other sides did. */
export function elsewhere(analysis: Analysis, phases: readonly Phase[], duration: number): string[] {
  const all = phases.flatMap((phase) => [phase, ...(phase.socket?.peer?.phases ?? [])]);
  return [
    ...new Set([
      ...all.flatMap((phase) => unrecorded(analysis, phase)),
      ...all.flatMap((phase) => translated(analysis, phase)),
      ...clocks(analysis, duration),
    ]),
  ];
}

/** The node to record, where the other end is known to be on one that was not. */
function unrecorded(analysis: Analysis, phase: Phase): string[] {
  const address = addressWithoutEnd(analysis, phase);
  if (address === null) return [];
  const recorded = new Set(nodesOf(analysis.capture.meta));
  const pods = podsAt(analysis, ipOf(address), phase.start).filter(({ node }) => node !== '');
  const nodes = [...new Set(pods.map(({ node }) => node))];
  if (nodes.length === 0 || nodes.some((node) => recorded.has(node))) return [];
  const who = pods.length === 1 ? placeOf(pods[0]!) : `one of ${pods.length} pods on ${listed(nodes)}`;
  return [`${address} is ${who}, which was not recorded: record ${listed(nodes)}, too`];
}

const placeOf = ({ kind, namespace, name, node }: KubeObjectRow): string =>
  kind === 'Pod' ? `pod ${namespace}/${name} on ${node}` : `an address of ${node}`;

function listed(nodes: readonly string[]): string {
  const more = nodes.length - MOST_NAMED;
  return `${nodes.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Whom a wait was for, where nobody recorded was at the other end; null: somebody was, or it was for no address. */
function addressWithoutEnd(analysis: Analysis, { socket, dns }: Phase): string | null {
  if (socket !== null) return socket.remote.includes(':') && otherEnds(analysis, socket).size === 0 ? socket.remote : null;
  if (dns === null || dns.hops.length > 0) return null;
  return dns.attempt.queries[0]?.server || null;
}

const ipOf = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

/** Pods behind an address: its own, or those of a service; a node where it is one's. */
function podsAt({ dims }: Analysis, ip: string, time: number): KubeObjectRow[] {
  const kube = new KubeNames(dims);
  const always = { from: -Infinity, until: Infinity };
  const own = kube.atAddress(ip, 'Pod', time, always) ?? nodeRow(kube.atAddress(ip, 'Node', time, always));
  if (own !== null) return [own];
  const service = kube.atAddress(ip, 'Service', time, always);
  if (service === null) return [];
  const pods = new Map(
    [...dims.objects.all()].filter(({ kind, to }) => kind === 'Pod' && (to ?? Infinity) > time).map((pod) => [pod.uid, pod]),
  );
  return [...pods.values()].filter((pod) => kube.services(pod, time, always).some(({ uid }) => uid === service.uid));
}

const nodeRow = (node: KubeObjectRow | null): KubeObjectRow | null => (node === null ? null : { ...node, node: node.name });

function translated({ ends }: Analysis, { socket }: Phase): string[] {
  if (socket?.peer === null || socket === null) return [];
  const by = socket.fds.map((fd) => ends.get(fd)?.by).find((one) => one !== undefined);
  return by === 'bytes'
    ? [`the address of the client is translated on the way to ${socket.remote}: its other end was found by the bytes of the request`]
    : [];
}

function clocks({ capture }: Analysis, duration: number): string[] {
  const [first, ...others] = membersOf(capture.meta);
  return others.flatMap(({ node, error }) => {
    if (first === undefined || node === first.node) return [];
    if (error === null)
      return [`no connection between ${first.node} and ${node} tells how their clocks differ: their times may not fit together`];
    return error > duration * MATTERS ? [`times of ${node} may be wrong by ${spanText(error)} against those of ${first.node}`] : [];
  });
}
