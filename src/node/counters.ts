/** Numbers of a network namespace: sysctls, the table of connections, what the protocols counted. */
import type { NodeFact } from '../model/node.ts';
import { type FoundNamespace, readText } from './processes.ts';
import type { Depth, ToolQuestion, Tools } from './tools.ts';

// biome-ignore format: a list
const SYSCTLS: readonly string[] = [
  'net.ipv4.ip_forward', 'net.ipv4.conf.all.rp_filter', 'net.ipv4.conf.default.rp_filter', 'net.ipv4.ip_local_port_range', 'net.ipv4.ip_no_pmtu_disc',
  'net.ipv4.tcp_max_syn_backlog', 'net.ipv4.tcp_syncookies', 'net.ipv4.tcp_tw_reuse', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_mtu_probing',
  'net.ipv4.tcp_syn_retries', 'net.ipv4.tcp_retries2', 'net.ipv4.neigh.default.gc_thresh1', 'net.ipv4.neigh.default.gc_thresh2',
  'net.ipv4.neigh.default.gc_thresh3', 'net.ipv6.conf.all.disable_ipv6', 'net.ipv6.conf.all.forwarding', 'net.core.somaxconn',
  'net.core.rmem_default', 'net.core.rmem_max', 'net.bridge.bridge-nf-call-iptables', 'net.bridge.bridge-nf-call-ip6tables',
  'net.netfilter.nf_conntrack_max', 'net.netfilter.nf_conntrack_count', 'net.netfilter.nf_conntrack_buckets',
  'net.netfilter.nf_conntrack_tcp_timeout_established', 'net.netfilter.nf_conntrack_udp_timeout', 'net.netfilter.nf_conntrack_tcp_be_liberal',
];
/** Changes by itself, and is told with the table of connections. */
const COUNT = 'net.netfilter.nf_conntrack_count';
const MAX = 'net.netfilter.nf_conntrack_max';
const PATH_OF = new Map(SYSCTLS.map((name) => [`/proc/sys/${name.replaceAll('.', '/')}`, name]));

/** Not by the shell's own `read`: it takes byte after byte, and these files have only a first one. Some are on no machine: only a grep that cannot be started fails. */
const READ_SYSCTLS = `grep -sH '' ${[...PATH_OF.keys()].join(' ')}; [ $? -lt 126 ]`;
export const SYSCTL_VALUES: ToolQuestion = { id: 'sysctls', command: ['sh', '-c', READ_SYSCTLS], script: READ_SYSCTLS };

/** /proc/sys/net shows the reader's own namespace, so it is read by a process inside. Empty: it could not be entered. */
export function sysctlValues(tools: Tools, namespace: FoundNamespace): Map<string, string> {
  if (tools.isOwn(namespace)) return new Map([...PATH_OF].flatMap(([path, name]) => ownValue(path, name)));
  const output = tools.ask(namespace, SYSCTL_VALUES) ?? '';
  const values = output.split('\n').flatMap((line): [string, string][] => {
    const at = line.indexOf(':');
    const name = PATH_OF.get(line.slice(0, at));
    return name === undefined
      ? []
      : [
          [
            name,
            line
              .slice(at + 1)
              .trim()
              .replaceAll('\t', ' '),
          ],
        ];
  });
  return new Map(values);
}

function ownValue(path: string, name: string): [string, string][] {
  const value = readText(path).trim().replaceAll('\t', ' ');
  return value === '' ? [] : [[name, value]];
}

export function sysctlFacts(netns: number, values: ReadonlyMap<string, string>): NodeFact<'sysctl'>[] {
  return [...values].filter(([name]) => name !== COUNT).map(([key, value]) => ({ kind: 'sysctl', netns, key, value: { value } }));
}

/** Of files below /proc/net, as a process inside has them. One that there is not is as one that is empty. */
const netFile = (file: string): ToolQuestion => ({
  id: `counters-${file}`,
  command: ['cat', `/proc/net/${file}`],
  script: `cat /proc/net/${file} 2>/dev/null || :`,
});

/** What `netText` is asked for in every namespace; of one without a process it is best asked at once. */
export const NET_FILES: Readonly<Record<Depth, readonly ToolQuestion[]>> = {
  structure: [netFile('stat/nf_conntrack')],
  all: ['stat/nf_conntrack', 'snmp', 'netstat', 'dev'].map(netFile),
};

/** A file below /proc/net as the namespace has it: needs no privilege where a process is in it, and one inside where there is none. */
export function netText(tools: Tools, namespace: FoundNamespace, file: string): string {
  const pid = namespace.pids[0];
  return pid === undefined ? (tools.ask(namespace, netFile(file)) ?? '') : readText(`/proc/${pid}/net/${file}`);
}

/** What /proc/PID/net/snmp tells of forwarding where nothing else can be read: 1 is on, 2 is off. */
export function forwardingFact({ inode, pids }: FoundNamespace): NodeFact<'sysctl'>[] {
  const forwarding = pairs(readText(`/proc/${pids[0]}/net/snmp`)).get('IpForwarding');
  if (forwarding === undefined) return [];
  return [{ kind: 'sysctl', netns: inode, key: 'net.ipv4.ip_forward', value: { value: forwarding === 1 ? '1' : '0' } }];
}

export function conntrackFacts(tools: Tools, namespace: FoundNamespace, values: ReadonlyMap<string, string>): NodeFact<'conntrack'>[] {
  const rows = netText(tools, namespace, 'stat/nf_conntrack')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const [names = [], ...cpus] = rows;
  if (cpus.length === 0) return [];
  const sum = (name: string) => cpus.reduce((total, row) => total + Number.parseInt(row[names.indexOf(name)] ?? '0', 16), 0);
  const count = Number(values.get(COUNT) ?? Number.parseInt(cpus[0]?.[0] ?? '0', 16));
  const max = Number(values.get(MAX) ?? (readText('/proc/sys/net/netfilter/nf_conntrack_max').trim() || -1));
  const value = { count, max, drop: sum('drop'), earlyDrop: sum('early_drop'), insertFailed: sum('insert_failed') };
  return [{ kind: 'conntrack', netns: namespace.inode, key: '', value }];
}

/** Bad news, and what it is to be held against. */
// biome-ignore format: a list
const COUNTERS: readonly string[] = [
  'IpForwarding', 'IpInAddrErrors', 'IpInDiscards', 'IpOutDiscards', 'IpOutNoRoutes', 'IpForwDatagrams', 'IpReasmFails', 'IpFragFails', 'IcmpInDestUnreachs',
  'TcpActiveOpens', 'TcpPassiveOpens', 'TcpAttemptFails', 'TcpEstabResets', 'TcpRetransSegs', 'TcpOutSegs', 'TcpInErrs', 'UdpInDatagrams', 'UdpNoPorts',
  'UdpRcvbufErrors', 'UdpSndbufErrors', 'UdpInErrors', 'TcpExtListenOverflows', 'TcpExtListenDrops', 'TcpExtTCPTimeouts', 'TcpExtTCPSynRetrans',
  'TcpExtTCPBacklogDrop', 'TcpExtTCPReqQFullDrop', 'TcpExtTCPReqQFullDoCookies', 'TcpExtPAWSActive', 'TcpExtPAWSEstab', 'TcpExtTCPRcvQDrop', 'TcpExtTCPMTUPFail',
  'IpExtInNoRoutes',
];

export function counterFacts(tools: Tools, namespace: FoundNamespace): NodeFact<'counter'>[] {
  const { inode } = namespace;
  const values = new Map(['snmp', 'netstat'].flatMap((file) => [...pairs(netText(tools, namespace, file))]));
  return COUNTERS.flatMap((key) => {
    const value = values.get(key);
    return value === undefined || value === 0 ? [] : [{ kind: 'counter' as const, netns: inode, key, value: { value } }];
  });
}

/** Lines in pairs: `Ip: Forwarding DefaultTTL …`, `Ip: 1 64 …`. */
function pairs(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const lines = text.split('\n').map((line) => line.split(' '));
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [names, values] = [lines[i]!, lines[i + 1]!];
    const group = names[0]!.replace(':', '');
    for (let at = 1; at < names.length; at++) found.set(group + names[at]!, Number(values[at]));
  }
  return found;
}
