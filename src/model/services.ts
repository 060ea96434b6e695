/** Names of well-known ports (IANA), those that people type in filters. The first name of a port is the one shown. */
const SERVICES: readonly (readonly [string, number])[] = [
  ['ftp-data', 20],
  ['ftp', 21],
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['domain', 53],
  ['dns', 53],
  ['bootps', 67],
  ['bootpc', 68],
  ['tftp', 69],
  ['http', 80],
  ['kerberos', 88],
  ['pop3', 110],
  ['sunrpc', 111],
  ['ntp', 123],
  ['imap2', 143],
  ['imap', 143],
  ['snmp', 161],
  ['bgp', 179],
  ['ldap', 389],
  ['https', 443],
  ['microsoft-ds', 445],
  ['syslog', 514],
  ['ldaps', 636],
  ['dot', 853],
  ['imaps', 993],
  ['pop3s', 995],
  ['openvpn', 1194],
  ['ms-sql-s', 1433],
  ['mqtt', 1883],
  ['nfs', 2049],
  ['etcd-client', 2379],
  ['etcd-server', 2380],
  ['mysql', 3306],
  ['rdp', 3389],
  ['vxlan', 4789],
  ['mdns', 5353],
  ['llmnr', 5355],
  ['postgresql', 5432],
  ['amqp', 5672],
  ['x11', 6000],
  ['geneve', 6081],
  ['redis', 6379],
  ['kube-apiserver', 6443],
  ['http-alt', 8080],
  ['kafka', 9092],
  ['memcache', 11211],
  ['kubelet', 10250],
  ['mongodb', 27017],
];

const PORTS = new Map(SERVICES);
const NAMES = new Map([...SERVICES].reverse().map(([name, port]) => [port, name]));

/** Every name there is, for those who misspell one. */
export const SERVICE_NAMES: readonly string[] = [...PORTS.keys()];

/** `http` → 80; null for a name that is not listed. */
export function portOfService(name: string): number | null {
  return PORTS.get(name) ?? null;
}

/** 80 → `http`; null for a port without a name. */
export function serviceOfPort(port: number): string | null {
  return NAMES.get(port) ?? null;
}
