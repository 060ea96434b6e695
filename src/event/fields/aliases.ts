import { FIELDS } from './index.ts';

/** A name of elsewhere and the field that has it here. */
interface Alias {
  readonly from: string;
  readonly to: string;
}

/** Names that begin otherwise elsewhere. Both end with a dot. */
const PREFIXES: readonly Alias[] = [
  { from: 'evt.is.', to: 'evt.type.is.' },
  { from: 'k8smeta.', to: 'k8s.' },
];

/** Names that people bring from elsewhere, from the fields' rows. A `from` that ends with a dot stands for all names that begin so. */
export const ALIASES: readonly Alias[] = [
  ...FIELDS.flatMap(({ name, aliases = [] }) => aliases.map((from) => ({ from, to: name }))),
  ...PREFIXES,
];

/** Single words that stand for a field, as Wireshark writes them: `tcp contains "x"`. */
export const WORD_FIELDS: ReadonlySet<string> = new Set(ALIASES.map(({ from }) => from).filter((name) => !name.includes('.')));

/** Single words that are filters elsewhere, and what they mean here. */
export const PROTOCOLS: Readonly<Record<string, string>> = {
  tcp: 'fd.l4proto=tcp',
  udp: 'fd.l4proto=udp',
  icmp: 'fd.l4proto=icmp',
  ip: 'fd.type=ipv4',
  ipv6: 'fd.type=ipv6',
  dns: 'dns.id exists',
  http: 'http.version exists',
  syslog: 'syslog.message exists',
};

/** Names that exist elsewhere and not here: said so, rather than "unknown". The first that fits counts. */
export const UNSUPPORTED: readonly { readonly pattern: RegExp; readonly of: string; readonly reason: string }[] = [
  { pattern: /^(mesos|marathon)\./, of: 'sysdig', reason: 'Mesos and Marathon are gone from the field; there is no replacement' },
  { pattern: /^(span|evtin)\./, of: 'sysdig', reason: 'sysdig’s tracers are not recorded' },
  {
    pattern: /^evt\.is_open_create$/,
    of: 'Falco',
    reason: 'whether the file was there before is not recorded; evt.arg.flags contains O_CREAT',
  },
  { pattern: /^evt\.(plugin|async|is_async)/, of: 'Falco', reason: 'there are no plugins: every event is the kernel’s' },
  { pattern: /^evt\.latency\.quantized$/, of: 'sysdig', reason: 'it was for spectrograms; evt.latency has the number' },
  { pattern: /^evt\.count\.(procinfo|threadinfo)$/, of: 'sysdig', reason: 'CPU time is not sampled' },
  { pattern: /^fd\.(types)$/, of: 'Falco', reason: 'a poll’s descriptors are known by number alone: fdlist.nums' },
  {
    pattern: /^net\.(rtt|retransmits)$/,
    of: 'other tools',
    reason: 'round trips are not measured; each segment that is sent again is an event: net.event=retransmit',
  },
  { pattern: /^fd\.is_(upper|lower)_layer$/, of: 'Falco', reason: 'the layers of overlay file systems are not recorded' },
  {
    pattern: /^proc\.fd(opencount|limit|usage)$/,
    of: 'sysdig',
    reason: 'open descriptors are not counted; the limit shows as evt.res=EMFILE',
  },
  {
    pattern: /^(proc|thread)\.pf(major|minor)/,
    of: 'sysdig',
    reason: 'page faults are counted in files of sysdig’s alone: evt.rawarg.pgft_maj and evt.rawarg.pgft_min of their switches',
  },
  { pattern: /^thread\.cpu/, of: 'sysdig', reason: 'CPU time is not sampled; trowel lens procs-cpu adds up what is known of it' },
  { pattern: /^proc\.(vpgid|p?vpgid|sid\.v|vsid)/, of: 'sysdig', reason: 'process groups are known by their id on the node: proc.pgid' },
  {
    pattern: /^proc\.is_container_|^container\.(healthcheck|(liveness|readiness)_probe)$/,
    of: 'sysdig',
    reason: 'deprecated there: Kubernetes no longer tells the runtime',
  },
  { pattern: /^proc\.exe(_|path\.)/, of: 'Falco', reason: 'of the executable only its path is recorded: proc.exepath' },
  { pattern: /^proc\.is_exe_(?!from_memfd$)/, of: 'Falco', reason: 'of the executable only its path is recorded: proc.exepath' },
  { pattern: /^proc\.pidns_init/, of: 'Falco', reason: 'when a pid namespace began is not recorded; proc.pidns tells them apart' },
  {
    pattern: /^container\.(start_ts|duration|cni)|^k8s\.pod\.(cni|(full_)?sandbox_id)/,
    of: 'Falco',
    reason: 'of containers and pods names, images, labels, mounts and addresses are asked for: trowel fields',
  },
  { pattern: /^(proc|thread)\.cap_/, of: 'Falco', reason: 'capabilities are not recorded' },
  { pattern: /^proc\.fds?\./, of: 'Falco', reason: 'which files a process had open before the capture is not recorded' },
  { pattern: /^proc\.(aenv|nametid|threadname)/, of: 'Falco', reason: 'the environment is that of the process itself: proc.env[NAME]' },
  {
    pattern: /^(ka|jevt|json|gcp|okta|github|aws|s3|cloudtrail|journald)\./,
    of: 'Falco',
    reason: 'logs of other systems are not recorded',
  },
  {
    pattern: /^ct\.(id|error|src|request|response|user|region|srcip|useragent|name|info)/,
    of: 'Falco',
    reason: 'cloud audit logs are not recorded',
  },
  { pattern: /^(eth|wlan|arp|vlan|sll|ppp)(\.|$)/, of: 'Wireshark', reason: 'calls are recorded, not frames: there is nothing below IP' },
  {
    pattern: /^(http2\.|grpc\.(?!status$))/,
    of: 'Wireshark',
    reason: 'frames are not shown: http.method, http.status, http.header.NAME and grpc.status are there',
  },
  { pattern: /^(tls|ssl|quic|http3|ssh)\./, of: 'Wireshark', reason: 'not decoded; fd.port and evt.buffer contains find it' },
  {
    pattern: /^(tcp|udp|ip|ipv6|icmp|icmpv6|frame)\./,
    of: 'Wireshark',
    reason: 'calls are recorded, not packets: see fd.* for addresses and ports, net.* for what the kernel says of packets',
  },
  {
    pattern: /^dns\.(flags|count|qry|resp|rr)\b/,
    of: 'Wireshark',
    reason: 'messages are decoded to dns.qname, dns.qtype, dns.rcode, dns.answers …',
  },
  {
    pattern:
      /^http\.(request|response|chat|file_data|cookie|set_cookie|referer|server|date|location|connection|cache_control|accept|authorization)/,
    of: 'Wireshark',
    reason: 'of heads there are http.method, http.uri, http.status and http.header[NAME]',
  },
];
