/**
 * Every cause that `explain` can name: one row each. A rule (causes/) gives a cause as data, src/output/sentences.ts writes its
 * sentence. A new cause is a row here with the shape of its facts, a sentence, and the rule that finds it.
 */
import type { Hidden } from '../capture/blind-spots.ts';
import type { ProcessName } from './story.ts';

/** Somebody who waited. `to`: an address, a path, a name. `waited`: ns. */
export interface Waited {
  readonly owner: ProcessName;
  readonly to: string;
  readonly waited: number;
}

/** A wait for a connection. `never`: it did not come. */
export interface Connecting extends Waited {
  readonly never: boolean;
}

/** A wait for an answer on a connection. */
export interface Asking extends Waited {
  readonly asked: 'answer' | 'TLS handshake';
  readonly never: boolean;
}

/** The same where the other side is on this node. `late`: ns until it had read the request; null: it did not. */
export interface Serving extends Asking {
  readonly server: ProcessName;
  readonly late: number | null;
  /** What it spent the most of the time on, for how many ns; empty: the kind says all. */
  readonly work: string;
  readonly spent: number;
}

/** A call that failed. `times`: how often in a row. `exit`: with what its process ended afterwards; null: it went on. */
export interface Failed {
  readonly owner: ProcessName;
  readonly call: string;
  /** errno's name. */
  readonly error: string;
  /** A path or an address; empty: not known. */
  readonly what: string;
  readonly times: number;
  readonly exit: number | null;
}

/** A process that ended. `signal`: 0 where it ended by itself. `by`: who sent it; null: not recorded. */
export interface Ended {
  readonly owner: ProcessName;
  readonly exit: number;
  readonly signal: number;
  readonly by: ProcessName | null;
  /** ns from a SIGTERM that it took no notice of until it was killed; null: none was sent. */
  readonly told: number | null;
  /** What it wrote last to its standard error; empty: nothing. */
  readonly said: string;
}

/** What each cause knows, by its id. `text`: the rule writes the sentence itself. */
export interface CauseFacts {
  'accept-queue-full': Connecting & { readonly server: ProcessName | null };
  /** `where`: on this node; empty: not known. */
  'connect-packets-dropped': Connecting & { readonly reasons: readonly string[]; readonly tuple: string; readonly where: string };
  'connect-unanswered': Connecting & { readonly again: number };
  'connect-packets-lost': Connecting & { readonly again: number };
  'connect-slow': Connecting;
  'connect-refused': Failed & {
    readonly filtered: boolean;
    readonly elsewhere: { readonly server: ProcessName; readonly address: string } | null;
  };
  'nameserver-unreachable': Failed;
  'lock-held': Failed & { readonly holder: ProcessName | null };
  'no-tls-spoken': Ended & { readonly to: string };
  'connect-unreachable': Failed;
  'connect-forbidden': Failed;
  'connect-failed': Failed;
  'no-local-port': Failed & { readonly ports: readonly [first: number, last: number] | null };
  'socket-missing': Failed;
  'server-closed': Asking & { readonly error: string };
  'server-killed': Asking & { readonly server: ProcessName; readonly signal: number; readonly by: ProcessName | null };
  'server-exited': Asking & { readonly server: ProcessName; readonly exit: number };
  'server-stopped': Asking & { readonly server: ProcessName; readonly by: ProcessName | null };
  'server-out-of-descriptors': (Asking | Connecting) & { readonly server: ProcessName; readonly error: string; readonly times: number };
  'server-sleeps': Serving;
  'server-polls': Serving;
  'server-waits-for-dns': Serving;
  'server-waits-for-connect': Serving;
  'server-waits-for-server': Serving;
  'server-waits-for-disk': Serving;
  'server-waits-for-lock': Serving;
  'server-waits-for-process': Serving;
  'server-computes': Serving;
  'server-busy': Serving;
  'server-slow': Asking & { readonly server: ProcessName | null };
  'server-silent': Asking;
  'tls-slow': Asking;
  'mtu-black-hole': Asking;
  'packets-lost': Asking & { readonly reasons: readonly string[]; readonly again: number };
  'keep-alive-race': Failed & { readonly idle: number };
  'connection-lost': Failed;
  'http-error': {
    readonly owner: ProcessName;
    readonly from: string;
    readonly status: string;
    readonly request: string;
    readonly times: number;
  };
  'http-error-given': {
    readonly owner: ProcessName;
    readonly to: string;
    readonly status: string;
    readonly request: string;
    readonly times: number;
    /** What it had got from behind it just before; empty: nothing is known. */
    readonly upstream: string;
  };
  'certificate-not-accepted': Ended & { readonly to: string; readonly alert: string };
  'slow-fsync': Waited & { readonly times: number };
  'slow-file': Waited & { readonly times: number };
  'lock-file': Waited & { readonly holder: ProcessName | null; readonly times: number };
  'lock-futex': Waited;
  'retry-loop': Failed & { readonly slept: number };
  'disk-full': Failed;
  'read-only': Failed;
  'io-error': Failed;
  'out-of-descriptors': Failed;
  'out-of-memory': Failed;
  'file-missing': Failed;
  'file-forbidden': Failed;
  'address-in-use': Failed & { readonly holder: ProcessName | null };
  'bind-failed': Failed;
  'program-missing': Failed;
  'interpreter-missing': Failed & { readonly interpreter: string };
  'program-forbidden': Failed;
  'program-unusable': Failed;
  'inotify-limit': Failed;
  'too-many-processes': Failed;
  'program-crashed': Ended;
  'program-killed': Ended;
  'program-failed': Ended;
  'program-ended': Ended;
  'own-sleep': Waited;
  'own-poll': Waited;
  /** `calls`: what it called over and over meanwhile; null: no call stands out. */
  'own-cpu': Waited & { readonly calls: { readonly name: string; readonly times: number; readonly failed: number } | null };
}
export type CauseId = keyof CauseFacts;

/** Causes whose rule still writes its sentence itself. */
export const TOLD_IDS = [
  'dns-search-domain-silent',
  'dns-search-domain-fails',
  'dns-name-silent',
  'dns-upstream-silent',
  'dns-server-hangs',
  'dns-server-silent',
  'dns-packets-dropped',
  'dns-server-unreachable',
  'dns-server-slow',
  'dns-upstream-slow',
  'dns-search-list',
  'dns-name-unknown',
  'dns-server-fails',
  'dns-server-refuses',
  'dns-failed',
] as const;

export interface CatalogRow {
  readonly title: string;
  /** 0 to 1: how sure the cause is when nothing speaks against it. */
  readonly confidence: number;
  /** Best first. */
  readonly fixes: readonly string[];
  /** A command or a look that would confirm it. */
  readonly confirm: string;
  /** What would have to be seen for the sentence to be sure. */
  readonly needs: readonly Hidden[];
}

function row(title: string, confidence: number, confirm: string, fixes: readonly string[], needs: readonly Hidden[] = []): CatalogRow {
  return { title, confidence, confirm, fixes, needs };
}

/** Silence may be a lost packet, or a full queue. */
const PACKETS: readonly Hidden[] = ['retransmits', 'dropped-packets', 'accept-queues'];
/** What looks like computing may be waiting. */
const WAITS: readonly Hidden[] = ['waits', 'latency'];
const DISK: readonly Hidden[] = ['file-io', 'file-names'];
const NETWORK_FIXES = [
  'find where the packets get lost: record on the server’s node, too',
  'check network policies, security groups and routes on the way',
];
const DISK_FIXES = ['look at the disk: its own latency, and who else writes to it', 'sync less often'];

// biome-ignore format: a table
export const CATALOG: Readonly<Record<CauseId, CatalogRow>> = {
  // Connections
  'accept-queue-full': row('A full accept queue', 0.95, 'ss -lnt on the server: Recv-Q above Send-Q', ['let the server accept faster: it is stuck, or has too few workers', 'raise its listen backlog and net.core.somaxconn']),
  'connect-packets-dropped': row('Packets of a handshake dropped on this node', 0.9, 'nft list ruleset; conntrack -S', ['check the network policies and the firewall between the two', 'check that conntrack is not full (nf_conntrack_count, nf_conntrack_max)']),
  'connect-unanswered': row('A handshake without an answer', 0.8, 'record on the server’s node: does the SYN arrive?', NETWORK_FIXES, PACKETS),
  'connect-packets-lost': row('A handshake that had to be sent again', 0.8, 'record on the server’s node, too', NETWORK_FIXES, PACKETS),
  'connect-slow': row('A handshake that took long', 0.6, 'ping that address', ['compare with the round trip time to that address'], PACKETS),
  'connect-refused': row('A refused connection', 0.95, 'ss -lnt on the server: is the port there?', ['check that the server runs and listens on that port', 'of a service: check that it has endpoints and the right targetPort'], ['retransmits', 'dropped-packets']),
  'nameserver-unreachable': row('A DNS server that cannot be asked', 0.95, 'ip route get ADDRESS, in the network namespace of the process', ['check the nameserver line of resolv.conf, and the route to it', 'with options use-vc: let the server take TCP']),
  'connect-unreachable': row('No route', 0.95, 'ip route get ADDRESS, in the network namespace of the process', ['check the routes of the pod and the node, and that kube-proxy runs on this node']),
  'connect-forbidden': row('A connection that is not allowed', 0.95, 'nft list ruleset', ['check the packet filter and the security policy of the pod']),
  'connect-failed': row('A connection that failed', 0.8, 'trowel lens errors FILE', ['look at the error’s meaning for connect(2)']),
  'no-local-port': row('No local port left', 0.95, 'ss -tan state time-wait | wc -l; sysctl net.ipv4.ip_local_port_range', ['keep connections open and use them again, instead of one for each request', 'widen net.ipv4.ip_local_port_range', 'connect to more than one address, or from more than one']),
  'socket-missing': row('A Unix socket that nobody serves', 0.9, 'ss -lx', ['start the server that makes the socket, or mount the folder that it is in']),
  // Answers
  'server-closed': row('A connection closed without an answer', 0.9, 'the log of the server at that time', ['look at the log of the server']),
  'server-killed': row('A server killed while it worked', 0.95, 'dmesg | grep -i "killed process"; the pod’s last state', ['find who kills it: a memory limit (OOMKilled), a failing liveness probe, a rollout without a grace period'], ['signals']),
  'server-exited': row('A server that ended while it worked', 0.9, 'the log of the server at that time', ['look at why the server ended: trowel explain --end PID']),
  'server-stopped': row('A stopped server', 0.95, 'ps -o stat of the server: T', ['let it go on (SIGCONT); find who stopped it: a debugger, a checkpoint, a frozen cgroup']),
  'server-out-of-descriptors': row('A server without descriptors for connections', 0.95, 'ls /proc/PID/fd | wc -l; ulimit -n', ['raise the limit of open files of the server (LimitNOFILE, ulimit -n)', 'find what it keeps open: idle connections without a time limit, a leak']),
  'server-sleeps': row('A server that sleeps', 0.9, 'trowel explain --pid of the server', ['remove the sleep, or the retry back-off, in the server']),
  'server-polls': row('A server that waits by a timer', 0.8, 'trowel explain --pid of the server', ['remove the polling, or the retry back-off, in the server']),
  'server-waits-for-dns': row('A server that looks up a name', 0.9, 'trowel dns FILE', ['repair the server’s name resolution: trowel dns shows its lookups']),
  'server-waits-for-connect': row('A server that waits for a connection', 0.9, 'trowel explain --pid of the server', ['look at that upstream']),
  'server-waits-for-server': row('A server that waits for another', 0.9, 'trowel explain --pid of the server', ['look at that upstream: explain --pid shows more']),
  'server-waits-for-disk': row('A server that waits for a disk', 0.9, 'iostat -x 1', ['look at the disk, or sync less often']),
  'server-waits-for-lock': row('A server that waits for a lock', 0.8, 'trowel explain --pid of the server', ['find who holds the lock']),
  'server-waits-for-process': row('A server that waits for a process or a thread', 0.6, 'trowel explain --pid of the server', ['explain --pid shows more'], ['pending', 'exits']),
  'server-computes': row('A server that computes', 0.75, 'perf top -p PID; cpu.stat of its cgroup: nr_throttled', ['profile the server: its CPU time, or too small a CPU limit'], WAITS),
  'server-busy': row('A server that does not come to the request', 0.8, 'ss -tn on the server: Recv-Q of the connection', ['let the server take requests while it works on others: more workers or threads'], WAITS),
  'server-slow': row('A slow server', 0.6, 'record on the server’s node, too', ['record on the server’s node, too']),
  'server-silent': row('A server that does not answer', 0.6, 'record on the server’s node, too', ['record on the server’s node, too'], ['retransmits', 'dropped-packets']),
  'tls-slow': row('A slow TLS handshake', 0.6, 'record on the server’s node, too', ['record on the server’s node, too']),
  'mtu-black-hole': row('Packets larger than a link', 0.9, 'ping -M do -s 1472 ADDRESS', ['set the MTU of the pod network to what the smallest link carries', 'let ICMP “fragmentation needed” through, or clamp the TCP segment size']),
  'packets-lost': row('Lost packets', 0.8, 'nstat -az TcpRetransSegs', ['find where the packets get lost: record on both nodes'], ['dropped-packets']),
  'keep-alive-race': row('A request on a connection that the server had closed', 0.9, 'compare the keep-alive times of both sides', ['let the client’s pool close idle connections sooner than the server does', 'let the client send the request again: it was not answered']),
  'connection-lost': row('A connection broken off', 0.85, 'the log of the other side at that time', ['look at the log of the other side']),
  'http-error': row('An error as answer', 0.9, 'the log of the server at that time', ['look at the log of the server that gave the answer'], ['payload']),
  'http-error-given': row('An error given as answer', 0.9, 'its own log at that time', ['look at what it had asked behind it, and at its log'], ['payload']),
  'certificate-not-accepted': row('A certificate that is not accepted', 0.6, 'openssl s_client -connect ADDRESS -showcerts', ['check the certificate: its names, its dates, and that the client knows its authority'], ['payload']),
  'no-tls-spoken': row('TLS spoken to a port without TLS', 0.95, 'curl -v http://ADDRESS', ['use http:// for that port, or the port that has TLS', 'of a load balancer or an ingress: check which of both its backend speaks'], ['payload']),
  // Files and locks
  'slow-fsync': row('A slow disk', 0.9, 'iostat -x 1: w_await', DISK_FIXES, DISK),
  'slow-file': row('Slow files', 0.8, 'iostat -x 1; nfsiostat', ['look at the disk or the network file system behind it'], DISK),
  'lock-file': row('A lock on a file', 0.9, 'lslocks', ['find who holds the lock']),
  'lock-held': row('A lock that somebody else has', 0.9, 'lslocks', ['wait until who has the lock is done, or let the program wait for it itself', 'stop who holds it']),
  'lock-futex': row('A lock inside a process', 0.7, 'trowel explain --pid', ['find who holds the lock'], WAITS),
  'retry-loop': row('A loop that tries again and again', 0.85, 'trowel lens errors FILE', ['make what it waits for ready sooner, or let it be told instead of asking']),
  'disk-full': row('A full disk', 0.95, 'df -h and df -i on that path; quota', ['make room on the volume, or enlarge it', 'of an emptyDir or tmpfs: raise its sizeLimit']),
  'read-only': row('A read-only file system', 0.9, 'findmnt -T PATH', ['mount the volume for writing, or write elsewhere (readOnlyRootFilesystem)', 'see in dmesg whether the kernel made it read-only after an error']),
  'io-error': row('A disk that fails', 0.95, 'dmesg | tail', ['look at the kernel’s log: the disk or its connection fails']),
  'out-of-descriptors': row('No descriptor left', 0.95, 'ls /proc/PID/fd | wc -l; ulimit -n', ['raise the limit of open files (LimitNOFILE, ulimit -n)', 'find what is left open']),
  'out-of-memory': row('No memory left', 0.9, 'memory.events of its cgroup', ['raise the memory limit, or use less']),
  'file-missing': row('A file that is not there', 0.7, 'ls -l PATH, in the mount namespace of the process', ['put the file there, or correct the path'], ['payload']),
  'file-forbidden': row('A file that may not be used', 0.75, 'namei -l PATH, as the user of the process', ['check owner and mode of the file and of the folders above it, and the security policy'], ['payload']),
  // Processes
  'address-in-use': row('An address in use', 0.95, 'ss -ltnp', ['stop who has the address, or take another port']),
  'bind-failed': row('An address that cannot be taken', 0.9, 'ip address', ['check that the address is one of this network namespace, and that the port may be taken (below 1024: CAP_NET_BIND_SERVICE)']),
  'program-missing': row('A program that is not there', 0.85, 'ls -l PATH; file PATH', ['check the path, the image and PATH; of a script also its first line']),
  'interpreter-missing': row('An interpreter that is not there', 0.95, 'head -1 PATH', ['install the interpreter or correct the script’s first line']),
  'program-forbidden': row('A program that may not be run', 0.95, 'ls -l PATH; findmnt -T PATH (noexec)', ['make it executable (chmod +x); check that its file system is not mounted noexec']),
  'program-unusable': row('A program that cannot be run', 0.9, 'file PATH', ['check that it was built for this machine, and that it is whole']),
  'inotify-limit': row('A limit of inotify', 0.95, 'sysctl fs.inotify', ['raise fs.inotify.max_user_instances and fs.inotify.max_user_watches', 'find who watches that much: all containers of a user share the limit']),
  'too-many-processes': row('No further process allowed', 0.95, 'pids.current and pids.max of its cgroup; ulimit -u', ['raise the limit of processes (pids.max, ulimit -u), or find who starts so many']),
  'program-crashed': row('A crash', 0.95, 'coredumpctl; dmesg', ['look at the core dump, or run it in a debugger']),
  'program-killed': row('A killed process', 0.95, 'dmesg | grep -i "killed process"', ['find who kills it: a memory limit (OOMKilled), a failing probe, an operator'], ['signals', 'events']),
  'program-failed': row('A program that failed', 0.5, 'its output', ['read what it wrote'], ['payload']),
  'program-ended': row('An end without an error', 0.95, 'its source', []),
  // The process' own
  'own-sleep': row('Own sleep', 0.9, 'its source', ['it is in the program: a sleep, or a back-off between retries']),
  'own-poll': row('Own polling', 0.8, 'its source', ['it is in the program: a poll interval that doubles, or a fixed tick']),
  'own-cpu': row('Own computing', 0.7, 'perf top -p PID; cpu.stat of its cgroup', ['profile the program; look at CPU limits and throttling'], WAITS),
};

const DNS_SILENCE: readonly Hidden[] = ['dropped-packets', 'udp-queues'];

/** The same for causes whose rule writes their sentence, by the beginning of their id. */
const TOLD_NEEDS: readonly (readonly [id: RegExp, needs: readonly Hidden[]])[] = [
  [/^dns-.*(silent|hangs|unreachable|lost|fails|unanswered)/, DNS_SILENCE],
  [/^dns-truncated/, PACKETS],
];

/** What would have to be seen for a cause to be sure. */
export function needsOf(id: string): readonly Hidden[] {
  return CATALOG[id as CauseId]?.needs ?? TOLD_NEEDS.find(([told]) => told.test(id))?.[1] ?? [];
}
