/** All checks, in the order in which they look: causes before symptoms, what concerns the whole node first. */
import type { Check } from './check.ts';
import { acceptQueue } from './checks/accept-queue.ts';
import { apiForbidden } from './checks/api-forbidden.ts';
import { beyondNode, routeMissing } from './checks/beyond.ts';
import { bridgeNfOff } from './checks/bridge-nf-off.ts';
import { apiServer, lateConnections, refused, unanswered } from './checks/connections.ts';
import { conntrackFull } from './checks/conntrack-full.ts';
import { conntrackInserts } from './checks/conntrack-inserts.ts';
import { dnsFailed, dnsRace, dnsSlow, dnsUnanswered } from './checks/dns-answers.ts';
import { dnsNdots } from './checks/dns-ndots.ts';
import { dnsLeak, dnsSearchWalk, resolvConf } from './checks/dns-search.ts';
import { dnsServer } from './checks/dns-server.ts';
import { forwardDrop } from './checks/forward-drop.ts';
import { hairpinOff } from './checks/hairpin-off.ts';
import { ipForwardOff } from './checks/ip-forward-off.ts';
import { kernelLog } from './checks/kernel-log.ts';
import { kubeProxy } from './checks/kube-proxy.ts';
import { mtuBlackHole } from './checks/mtu-black-hole.ts';
import { mtuMismatch } from './checks/mtu-mismatch.ts';
import { noEndpoints } from './checks/no-endpoints.ts';
import { notReady } from './checks/not-ready.ts';
import { nodeStatus, POD_CHECKS } from './checks/pods.ts';
import { policyDrop } from './checks/policy-drop.ts';
import { podRoute, rangesOverlap } from './checks/ranges.ts';
import { ioUring, losses } from './checks/recording.ts';
import { fdLimit, localPorts, lostSegments, stoppedProcess } from './checks/resources.ts';
import { wrongPort } from './checks/wrong-port.ts';

// biome-ignore format: a list
export const CHECKS: readonly Check[] = [
  conntrackFull, ipForwardOff, forwardDrop, bridgeNfOff, kubeProxy, noEndpoints, notReady, wrongPort, policyDrop, hairpinOff,
  dnsServer, acceptQueue, fdLimit, localPorts, rangesOverlap, routeMissing, podRoute, beyondNode, mtuBlackHole, apiServer, apiForbidden,
  dnsUnanswered, dnsFailed, dnsRace, dnsSlow, refused, unanswered, lateConnections, lostSegments, kernelLog, stoppedProcess, ...POD_CHECKS, nodeStatus,
  mtuMismatch, conntrackInserts, dnsSearchWalk, dnsNdots, dnsLeak, resolvConf, ioUring, losses,
];

export const CHECK_IDS: readonly string[] = CHECKS.map(({ id }) => id);
