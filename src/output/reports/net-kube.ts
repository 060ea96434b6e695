/** Pods, services and endpoints beside what the node really has. */
import type { PodPlace, Service, ServicePort } from '../../node/cluster.ts';
import { column } from '../../report/column.ts';
import { view } from './net-view.ts';

export const PODS = view<PodPlace>({
  doc: 'one network namespace: whose it is, and how it hangs on the node',
  columns: [
    column('pod', 'text', 'namespace/name; the node; a namespace that is no pod’s by its name', ({ name }) => name),
    column('ips', 'text', 'its addresses', ({ ips }) => ips, { many: true }),
    column(
      'ready',
      'text',
      'as the cluster says',
      ({ row }) => (row?.status?.ready === undefined ? null : row.status.ready ? 'yes' : 'no'),
      { nullable: true },
    ),
    column('pid', 'number', 'a process in it', ({ pid }) => (pid > 0 ? pid : null), { nullable: true }),
    column('processes', 'count', 'how many are in it', ({ processes }) => (processes > 0 ? processes : null), { nullable: true }),
    column('netns', 'number', 'inode of the namespace', (place) => place.netns),
    column('link', 'text', 'the node’s interface that leads to it', ({ link }) => link?.key ?? null, { nullable: true }),
    column('bridge', 'text', 'what that interface is a port of', ({ link }) => link?.value.master || null, { nullable: true }),
    column(
      'hairpin',
      'text',
      'whether the bridge sends packets back',
      ({ link }) => (link === null || link.value.master === '' ? null : link.value.hairpin ? 'on' : 'off'),
      { nullable: true },
    ),
    column('mtu', 'number', 'of that interface', ({ link }) => link?.value.mtu ?? null, { nullable: true }),
    column('enter', 'code', 'how to get into it, on the node', ({ pid }) => (pid > 0 ? `nsenter -t ${pid} -n` : null), { nullable: true }),
  ],
  items: ({ places }) => places,
});

interface PortOfService {
  readonly service: Service;
  readonly port: ServicePort;
}

export const SERVICES = view<PortOfService>({
  doc: 'one port of a service: what it selects, where it leads, and what the kernel does with it',
  columns: [
    column('service', 'text', 'namespace/name', ({ service }) => service.name),
    column('address', 'text', 'address and port', ({ port }) => `${port.ip}:${port.port.port}/${port.port.protocol.toLowerCase()}`),
    column(
      'selector',
      'text',
      'labels of its pods',
      ({ service }) =>
        Object.entries(service.row.selector ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(',') || null,
      { nullable: true },
    ),
    column('target', 'text', 'port of the pods', ({ port }) => port.port.target ?? null, { nullable: true }),
    column(
      'endpoints',
      'text',
      'addresses of its endpoints; a ! marks one that is not ready',
      ({ service, port }) => service.endpoints.map(({ ip, ready }) => `${ready ? '' : '!'}${ip}:${port.target}`),
      { many: true },
    ),
    column(
      'rules',
      'text',
      'where the node’s rules lead, and with which share',
      ({ port }) => (port.rule?.targets ?? []).map(({ address, share }) => `${address} ${Math.round(share * 100)} %`),
      { many: true },
    ),
    column('agree', 'text', 'whether rules and endpoints say the same', agreeText),
  ],
  items: ({ services }) => services.flatMap((service) => service.ports.map((port) => ({ service, port }))),
});

function agreeText({ service, port }: PortOfService): string {
  if (port.rule === null) return 'no rules';
  const ready = service.endpoints.filter((one) => one.ready).map(({ ip }) => `${ip}:${port.target}`);
  const ruled = port.rule.targets.map(({ address }) => address);
  if (port.rule.rejects) return ready.length === 0 ? 'yes: rejected, no endpoints' : 'no: rejected';
  return ready.length === ruled.length && ready.every((one) => ruled.includes(one)) ? 'yes' : 'no';
}

interface EndpointOfService {
  readonly service: Service;
  readonly at: Service['endpoints'][number];
  readonly ports: string;
  readonly node: string;
}

export const ENDPOINTS = view<EndpointOfService>({
  doc: 'one endpoint of a service',
  columns: [
    column('service', 'text', 'namespace/name', ({ service }) => service.name),
    column('ip', 'text', 'its address', ({ at }) => at.ip),
    column('ports', 'text', 'its ports', ({ ports }) => ports),
    column('ready', 'text', 'yes or no', ({ at }) => (at.ready ? 'yes' : 'no')),
    column('pod', 'text', 'namespace/name', ({ at }) => at.pod || null, { nullable: true }),
    column('node', 'text', 'where it runs', ({ node }) => node || null, { nullable: true }),
  ],
  items: (cluster) =>
    cluster.services.flatMap((service) =>
      service.endpoints.map((at) => {
        const pod = cluster.podAt(at.ip);
        return { service, at, ports: [...new Set(service.ports.map(({ target }) => target))].join(' '), node: pod?.node ?? '' };
      }),
    ),
});
