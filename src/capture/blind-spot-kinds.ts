/** What a capture may not be able to show: each kind is one row of the table. */

/** What may be there and is not seen. */
export type Hidden =
  | 'events'
  | 'end'
  | 'waits'
  | 'short-waits'
  | 'latency'
  | 'pending'
  | 'payload'
  | 'payload-tail'
  | 'arguments'
  | 'file-io'
  | 'network-io'
  | 'file-names'
  | 'processes'
  | 'execs'
  | 'exits'
  | 'signals'
  | 'packets'
  | 'retransmits'
  | 'resets'
  | 'dropped-packets'
  | 'tcp-states'
  | 'accept-queues'
  | 'udp-queues'
  | 'names'
  | 'users'
  | 'node-network';

export interface Kind {
  /** `#` stands for what is known in the case. */
  readonly what: string;
  readonly hides: readonly Hidden[];
  readonly usual?: true;
}

const PACKETS: readonly Hidden[] = ['packets', 'retransmits', 'resets', 'dropped-packets', 'tcp-states', 'accept-queues', 'udp-queues'];

/** Ids without a dash or with a dot or underscore are those of the probe (native/feature.c). */
// biome-ignore format: a table
export const BLIND_SPOTS = {
  // What the kernel lacked or refused
  raw_tp: { what: 'this kernel runs only the simpler hooks: signals, and what the kernel says of connections (retransmissions, resets, drops, full queues), are not seen', hides: ['signals', ...PACKETS] },
  latency: { what: 'how long calls take was not measured: waits are missing, and nothing here was slow or fast', hides: ['latency', 'waits'] },
  pending: { what: 'calls that had not returned when the recording ended are missing: what hung to the end looks as if it did nothing', hides: ['pending'] },
  existing_fds: { what: 'files opened before the recording have no names, and full accept queues of sockets that listened before are not seen', hides: ['file-names', 'accept-queues'] },
  existing_processes: { what: 'processes that did nothing during the recording have no names', hides: ['processes'] },
  signals: { what: 'signals are not seen: who was stopped or killed looks as if it ended or slept by itself', hides: ['signals'] },
  'proc.exec': { what: 'programs that were started by execve are not seen', hides: ['execs', 'processes'] },
  'proc.exit': { what: 'ends of processes are not seen: one that died looks as if it did nothing more', hides: ['exits', 'processes'] },
  'proc.fork': { what: 'children of the processes asked for are missing once their parent is gone', hides: ['processes', 'events'] },
  'proc.killer': { what: 'who sent a fatal signal is not known', hides: ['signals'] },
  'net.retransmit': { what: 'TCP retransmissions are not seen: lost packets and unanswered connects look like a slow server', hides: ['packets', 'retransmits'] },
  'net.reset_sent': { what: 'TCP resets that were sent are not seen', hides: ['packets', 'resets'] },
  'net.reset_sent_no_socket': { what: 'TCP resets of closed ports are not seen where they are sent', hides: ['resets'] },
  'net.reset_received': { what: 'TCP resets that were received are not seen', hides: ['packets', 'resets'] },
  'net.reset': { what: 'TCP resets are not seen', hides: ['packets', 'resets'] },
  'net.state': { what: 'TCP state changes are not seen', hides: ['tcp-states'] },
  'net.drop': { what: 'dropped packets are not seen: one that a firewall took looks like one that was not answered', hides: ['packets', 'dropped-packets'] },
  udp_queue: { what: 'full UDP receive queues are not seen: a question dropped there looks like a server that does not answer', hides: ['udp-queues'] },
  accept_queue: { what: 'accept queues are not seen: a full one looks like a host that does not answer', hides: ['accept-queues'] },
  'io_uring.submit': { what: 'of what was done through io_uring the bytes, and how long it took, are not known', hides: ['latency', 'payload'] },
  'io_uring.pending': { what: 'what was asked for through io_uring and not done when the recording ended is missing: what hung to the end looks as if it did nothing', hides: ['pending'] },
  busy_cpus: { what: 'this kernel skips hooks while a CPU is busy: up to a third of what happens there is lost, and counted as lost', hides: ['events'] },
  // What nobody asked for
  'no-net': { what: 'what the kernel says of connections was left out (--no-net): retransmissions, resets, dropped packets and full queues are not seen', hides: PACKETS },
  snaplen: { what: 'of what was read and written only the first # bytes were kept (of DNS, HTTP heads and resolver files more)', hides: ['payload-tail'], usual: true },
  'no-payload': { what: 'nothing of what was read and written was kept (-s 0)', hides: ['payload', 'payload-tail'] },
  'wait-over': { what: 'waits shorter than # were not recorded', hides: ['short-waits'], usual: true },
  'long-wait-over': { what: 'waits shorter than # were not recorded: many short ones look like computing', hides: ['short-waits', 'waits'] },
  filter: { what: 'only what matches “#” was recorded', hides: ['events', 'waits'], usual: true },
  only: { what: 'only # was recorded', hides: ['events', 'waits'], usual: true },
  'no-k8s': { what: 'names of containers and pods were not asked for (--no-k8s)', hides: ['names'] },
  // What the machine keeps from us
  io_uring: { what: '# by io_uring: its reads and writes are not seen', hides: ['file-io', 'network-io', 'events'] },
  unreadable: { what: 'of # calls the memory was not readable: their payload or an argument is missing', hides: ['payload', 'arguments'] },
  names: { what: 'names of pods and services may be missing or old: #', hides: ['names'] },
  users: { what: 'users and groups have numbers and no names: the probe could not read the node’s list of users', hides: ['users'] },
  'users-cut': { what: 'only the first 4,096 users and groups of the node have names', hides: ['users'] },
  // What is gone
  lost: { what: '# events were lost: buffers were full', hides: ['events'] },
  shed: { what: '# for a time, since recording would have cost more than --max-cpu: what is missing there is not counted', hides: ['events'] },
  'not-closed': { what: 'the recording was not closed: it still goes on, or its last moments are missing', hides: ['end'] },
  node: { what: 'of the node’s network this could not be read: #', hides: ['node-network'], usual: true },
  'broke-off': { what: 'the recording broke off#: what came then is missing, and nobody knows how much', hides: ['end', 'events'] },
  // Imports
  scap: { what: 'sysdig’s recorder tells nothing of packets and full queues', hides: PACKETS, usual: true },
  damage: { what: 'the file was damaged: #; what came after is missing', hides: ['end', 'events'] },
  'damage-within': { what: 'the file was damaged: #', hides: ['events', 'processes', 'file-names', 'names'] },
  'left-out': { what: 'more was in the file than is kept: #', hides: ['processes', 'file-names', 'names'] },
  // Whatever else a probe had to say
  note: { what: '#', hides: [] },
} as const satisfies Readonly<Record<string, Kind>>;

export type BlindId = keyof typeof BLIND_SPOTS;
