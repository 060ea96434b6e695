/** The sentence of every cause: facts become words here, and nowhere else. */
import type { CauseFacts, CauseId } from '../explain/catalog.ts';
import type { Asking, Connecting, Ended, Failed, Serving } from '../explain/causes/row.ts';
import { isPath } from '../explain/descriptors.ts';
import type { Cause } from '../explain/story.ts';
import { signalName } from '../model/signals.ts';
import { spanText } from '../model/time.ts';
import { DNS_SENTENCES } from './dns-sentences.ts';
import { list, name, reasonText, vanishedText } from './words.ts';

/** What a cause says, not sanitised. */
export function sentenceOf(cause: Cause): string {
  const write = SENTENCES[cause.id] as (facts: CauseFacts[CauseId]) => string; // an id's own facts come with it
  return write(cause.facts);
}

const SENTENCES: { readonly [Id in CauseId]: (facts: CauseFacts[Id]) => string } = {
  ...DNS_SENTENCES,
  'accept-queue-full': (f) =>
    `${connecting(f)}: the accept queue of ${f.server === null ? 'the server' : name(f.server)} is full, so the kernel ${isPath(f.to) ? `${f.never ? 'let it wait' : 'let it wait until another was accepted'}` : 'dropped the handshake'}.`,
  'socket-full': (f) =>
    `${name(f.owner)} could not connect to the Unix socket ${f.what}: the accept queue of ${f.server === null ? 'its server' : name(f.server)} is full (${f.error})${after(f)}.`,
  'connect-packets-dropped': (f) => `${connecting(f)}: ${droppedText(f)}.`,
  'connect-unanswered': (f) =>
    f.never
      ? `${connecting(f)}: its first packet (SYN) was not answered${f.again > 0 ? ' and had to be sent again' : ''}.`
      : `${connecting(f)}: no answer was recorded, but events were lost in this time.`,
  'connect-packets-lost': (f) => `${connecting(f)}: its first packet (SYN) was not answered and had to be sent again.`,
  'connect-slow': (f) => `${connecting(f)}: the other side took that long to accept, or is that far away.`,
  'connect-refused': (f) =>
    `${name(f.owner)} failed, since ${f.what} refused the connection: ${f.filtered ? 'a packet filter rejects it, as kube-proxy does for a service without endpoints' : 'nobody listens there'}${f.elsewhere === null ? '' : `; ${name(f.elsewhere.server)} listens on ${f.elsewhere.address} only`}.`,
  'nameserver-unreachable': (f) =>
    `${name(f.owner)} could not look up any name: its DNS server ${f.what} ${NAMESERVER[f.error] ?? 'cannot be reached'} (${f.call}: ${f.error}), so nothing was asked${after(f)}.`,
  'no-tls-spoken': (f) =>
    `${name(f.owner)} began a TLS handshake with ${f.to}${ending(f)}: there is no TLS spoken there, it answered in plain text${saying(f)}.`,
  'connect-unreachable': (f) =>
    `${name(f.owner)} failed, since ${f.what} cannot be reached (no route to the ${f.error === 'ENETUNREACH' ? 'network' : 'host'}).`,
  'connect-forbidden': (f) =>
    f.filtered
      ? `${name(f.owner)} failed: a packet filter (iptables or nftables: a network policy, a firewall) rejects connections to ${f.what} (${f.error}).`
      : `${name(f.owner)} failed, since ${f.what} must not be connected to (${f.error}).`,
  'connect-failed': (f) => `${name(f.owner)} failed, since ${f.what} could not be connected to (${f.error}).`,
  'no-local-port': (f) =>
    `${name(f.owner)} could not connect to ${f.what}: no local port was left for it (EADDRNOTAVAIL)${f.ports === null ? '' : `; those in use to that address lie from ${f.ports[0]} to ${f.ports[1]}`}.`,
  'socket-missing': (f) =>
    `${name(f.owner)} could not connect to the Unix socket ${f.what}: ${f.error === 'ENOENT' ? 'there is no such socket' : f.error === 'ECONNREFUSED' ? 'nobody serves it' : f.error === 'EACCES' || f.error === 'EPERM' ? `it is not allowed to use it (${f.error})` : f.error}${after(f)}.`,
  'server-closed': (f) =>
    `${asking(f)}, which then ${f.error === '' ? `closed the connection without ${f.asked === 'answer' ? 'one' : 'ending it'}` : `broke the connection off (${f.error})`}.`,
  'server-killed': (f) =>
    `${asking(f)}: ${name(f.server)} was killed by ${signal(f.signal)} meanwhile${f.by === null ? ', which no recorded process sent' : `, sent by ${name(f.by)}`}, and so closed the connection without an answer.`,
  'server-exited': (f) =>
    `${asking(f)}: ${name(f.server)} ended with ${f.exit} meanwhile, and so closed the connection without an answer${saying({ said: f.said.trim().split('\n')[0]!.slice(0, 200) })}.`,
  'server-stopped': (f) =>
    `${asking(f)}: ${name(f.server)} was stopped (SIGSTOP)${f.by === null ? '' : ` by ${name(f.by)}`}, and did nothing.`,
  'own-stopped': (f) =>
    `${name(f.owner)} was stopped (${signal(f.signal)})${f.by === null ? '' : ` by ${name(f.by)}`} for ${spanText(f.waited)}, and did nothing.`,
  'server-out-of-descriptors': (f) =>
    `${'asked' in f ? asking(f) : connecting(f)}: ${name(f.server)} could not accept the connection, since it has no descriptor left (${f.error}, ${times(f.times)}).`,
  'server-sleeps': serving,
  'server-polls': serving,
  'server-waits-for-dns': serving,
  'server-waits-for-connect': serving,
  'server-waits-for-server': serving,
  'server-waits-for-disk': serving,
  'server-waits-for-lock': serving,
  'server-waits-for-process': serving,
  'server-computes': serving,
  'server-busy': (f) =>
    `${asking(f)}: ${name(f.server)} ${f.late === null ? 'has not read the request' : `read the request only after ${spanText(f.late)}`}${f.work === '' ? '' : `; it ${f.work} meanwhile`}.`,
  'server-slow': (f) =>
    f.server === null ? elsewhere(f) : `${asking(f)}: ${name(f.server)} had the request and did not answer${f.never ? '' : ' sooner'}.`,
  'server-silent': elsewhere,
  'tls-slow': elsewhere,
  'mtu-black-hole': (f) =>
    `${asking(f)}: large packets are dropped by a link whose MTU is smaller than the packets, and the sender is not told.`,
  'continue-unanswered': (f) =>
    `${name(f.owner)} sent ${f.to} the head of a request with “Expect: 100-continue” and waited ${spanText(f.waited)} for “100 Continue”, which never came, before it sent the body.`,
  'answer-read-late': (f) =>
    `${name(f.owner)} took ${spanText(f.waited)} to read on in the answer of ${f.to}: ${name(f.server)} had sent more of it before, or was waiting to, so it is the reader’s own pace.`,
  'request-held-back': (f) =>
    `${asking(f)}: it sends its requests in parts, and the last one reached ${name(f.server)} only ${spanText(f.held)} after it was written: Nagle’s algorithm holds it back until the part before is acknowledged.`,
  'packets-lost': (f) =>
    `${asking(f)}: packets get lost${f.reasons.length === 0 ? '' : `, dropped by ${list(f.reasons.map(reasonText))}`} and were sent again ${f.again} times.`,
  'keep-alive-race': (f) =>
    `${name(f.owner)} sent a request to ${f.what} on a connection that had been idle for ${spanText(f.idle)}, and ${f.error === 'closed' ? 'it was closed' : `it was closed or reset (${f.error})`} without an answer: the server had ended it before.`,
  'answer-cut': (f) =>
    `${name(f.owner)} got only a part of the answer of ${f.what}, which closed the connection after ${f.came}${after(f)}.`,
  'connection-lost': (f) =>
    `${name(f.owner)} lost its connection to ${f.what} (${f.error} in ${f.call}): the other side closed or reset it.`,
  'http-error': (f) =>
    `${name(f.owner)} got ${f.status} from ${f.from}${f.request === '' ? '' : ` for ${f.request}`}${f.times > 1 ? `, ${f.times} times` : ''}${f.upstream === '' || f.server === null ? '' : `: ${name(f.server)} answered so ${f.upstream}`}.`,
  'connect-retried': (f) =>
    `${name(f.owner)} could not connect to ${f.to} ${f.times > 1 ? `${f.times} times` : 'at first'} (${f.error}), and came through only ${spanText(f.waited)} later, when it tried again.`,
  'http-retried': (f) =>
    `${name(f.owner)} got ${f.status} from ${f.from}${f.request === '' ? '' : ` for ${f.request}`}${f.times > 1 ? `, ${f.times} times` : ''}, and had a good answer only ${spanText(f.waited)} later, when it asked again.`,
  'http-error-given': (f) =>
    `${name(f.owner)} answered ${f.request === '' ? 'a request' : f.request} of ${f.to} with ${f.status}${f.times > 1 ? `, ${f.times} times` : ''}${f.upstream === '' ? '' : `, ${f.upstream}`}.`,
  'certificate-not-accepted': (f) =>
    `${name(f.owner)} broke the TLS handshake with ${f.to} off${f.alert === '' ? ' after the server had shown its certificate' : `: it sent the alert “${f.alert}”`}${ending(f)}${f.alert === '' ? '; most likely it does not accept the certificate' : ', so it does not accept the server’s certificate'}${saying(f)}.`,
  'datagram-unanswered': (f) =>
    `${name(f.owner)} sent ${f.times > 1 ? `${f.times} datagrams` : 'a datagram'} to ${f.to}, and ${f.error === '' ? `no answer came in ${spanText(f.waited)}` : `after ${spanText(f.waited)} it came back with ${f.error}`}${datagramFate(f)}.`,
  'datagram-slow': (f) =>
    `${name(f.owner)} waited ${spanText(f.waited)} for the answer of ${f.to} to its datagram${f.times > 1 ? 's' : ''}${datagramFate(f)}.`,
  'pipe-without-other-end': (f) =>
    f.never
      ? `${name(f.owner)} waited ${spanText(f.waited)} in vain to open ${f.to}${f.end === '' ? '' : ` for ${f.end}`}: so waits a named pipe (FIFO) that nobody opens${OTHER_END[f.end]}.`
      : `${name(f.owner)} waited ${spanText(f.waited)} to open the pipe ${f.to}${f.end === '' ? '' : ` for ${f.end}`}: nobody had it open${OTHER_END[f.end]}${f.opener === null ? ' until then' : ` until ${name(f.opener)} did`}.`,
  'slow-fsync': (f) =>
    `${name(f.owner)} waited ${spanText(f.waited)} for the disk to have written ${f.to === '' ? 'files' : f.to} (fsync)${f.times > 1 ? `, ${f.times} times` : ''}.`,
  'slow-file': (f) =>
    `${name(f.owner)} spent ${spanText(f.waited)} reading and writing ${f.to === '' ? 'files' : f.to}${f.times > 2 ? `, ${f.times} times` : ''}${f.sync ? '; it is open with O_SYNC or O_DSYNC, so that each write waits for the disk' : ''}.`,
  'lock-file': (f) =>
    `${name(f.owner)} waited ${spanText(f.waited)} for the lock on ${f.to}${f.holder === null ? '' : `, which ${name(f.holder)} held`}${f.times > 2 ? ` (it looked ${f.times} times)` : ''}.`,
  'lock-held': (f) =>
    `${name(f.owner)} did not get the lock on ${f.what}${f.holder === null ? '' : `, which ${name(f.holder)} held`} (${f.call}: ${f.error})${after(f)}.`,
  'lock-futex': (f) =>
    `${name(f.owner)} waited ${spanText(f.waited)} for a lock of its own (futex)${f.thread === null ? '' : `, or for its thread ${f.thread.tid} to end, which ${f.thread.did === 'slept' ? 'slept' : 'computed, or waited for a CPU,'} for ${spanText(f.thread.spent)} meanwhile`}.`,
  'retry-loop': (f) =>
    `${name(f.owner)} tried ${f.call}${target(f)} ${f.times} times, which failed with ${f.error}, and slept ${spanText(f.slept)} between.`,
  'disk-full': (f) =>
    `${failing(f)}: ${f.error === 'EDQUOT' ? 'the quota is used up' : 'the disk is full, no space is left'} (${f.error}, ${times(f.times)})${after(f)}.`,
  'read-only': (f) => `${failing(f)}: its file system is read-only (${f.error})${after(f)}.`,
  'io-error': (f) => `${failing(f)}: the disk or its connection failed (${f.error}, ${times(f.times)})${after(f)}.`,
  'out-of-descriptors': (f) =>
    `${failing(f)}: ${f.error === 'ENFILE' ? 'the system has' : 'it has'} no descriptor left for another open file (${f.error}, ${times(f.times)})${after(f)}.`,
  'out-of-memory': (f) => `${failing(f)}: no memory is left (${f.error}, ${times(f.times)})${after(f)}.`,
  'file-missing': (f) => `${failing(f)}: there is no such file (${f.error})${after(f)}.`,
  'file-forbidden': (f) => `${failing(f)} (${f.error})${after(f)}.`,
  'address-in-use': (f) =>
    `${name(f.owner)} could not listen on ${f.what === '' ? 'its address' : f.what}: it is in use (EADDRINUSE)${f.holder === null ? '' : `, ${name(f.holder)} has it`}${after(f)}.`,
  'bind-failed': (f) =>
    `${name(f.owner)} could not take the address ${f.what} (${f.call}: ${f.error})${f.error === 'EADDRNOTAVAIL' ? ': it is none of the addresses of its network namespace' : ''}${f.error === 'EACCES' && portOf(f.what) < 1024 ? ': ports below 1024 are for root, or CAP_NET_BIND_SERVICE' : ''}${after(f)}.`,
  'program-missing': (f) => `${name(f.owner)} could not run ${f.what}: the file or its interpreter is not there (${f.error})${after(f)}.`,
  'interpreter-missing': (f) =>
    `${name(f.owner)} could not run ${f.what}, which is there: its interpreter${f.interpreter === '' ? '' : ` ${shown(f.interpreter)}`} is not (${f.error})${/\r$/.test(f.interpreter) ? '; the first line ends with a carriage return' : ''}${after(f)}.`,
  'program-forbidden': (f) => `${name(f.owner)} could not run ${f.what}: it may not be executed (${f.error})${after(f)}.`,
  'program-unusable': (f) =>
    `${name(f.owner)} could not run ${f.what}: ${f.error === 'ETXTBSY' ? 'somebody has it open for writing' : f.error === 'E2BIG' ? 'its arguments and environment are too long' : 'it is no program for this machine, or not as it was called'} (${f.error})${after(f)}.`,
  'inotify-limit': (f) =>
    `${name(f.owner)} could not watch files: ${f.call === 'inotify_add_watch' ? `${f.call}${target(f)} failed, since the user has as many inotify watches as are allowed` : `${f.call} failed, since the user has as many inotify instances as are allowed`} (${f.error}, ${times(f.times)})${after(f)}.`,
  'too-many-processes': (f) =>
    `${name(f.owner)} could not start another process or thread: the limit is reached (${f.call}: ${f.error}, ${times(f.times)})${after(f)}.`,
  'program-crashed': (f) => `${name(f.owner)} crashed: ${signal(f.signal)} ended it${saying(f)}.`,
  'program-killed': (f) =>
    `${name(f.owner)} was ended by ${signal(f.signal)}${f.told === null ? '' : `, ${spanText(f.told)} after a SIGTERM that it took no notice of`}, ${sender(f)}${doing(f)}.`,
  'program-stopped': (f) =>
    `${name(f.owner)} was told to stop (${signal(f.signal)})${f.by === null ? ', by whom is not recorded' : ` by ${name(f.by)}`}, and ended with ${f.exit}${doing(f)}.`,
  'child-killed': (f) =>
    `${name(f.owner)}, which ${name(f.parent)} had started, was ended by ${signal(f.signal)}, ${sender(f)}; ${name(f.parent)} then ended with ${f.status}.`,
  'memory-refused': (f) => `${name(f.owner)} got no more memory${ending(f)}: it wrote “${f.said}” (its calls for memory are not recorded).`,
  'tls-alert': (f) =>
    `${name(f.owner)} could not go on with TLS at ${f.to}${ending(f)}: the server sent the alert “${f.alert}”${WANTS_CERTIFICATE.test(f.alert) ? ', so it wants a certificate of the client and had none that it accepts' : ''}${saying(f)}.`,
  'program-ended': (f) => `${name(f.owner)} ended by itself, with 0.`,
  'program-failed': (f) => `${name(f.owner)} ended with ${f.exit}${saying(f)}; no call of it is known to have failed for that.`,
  'own-sleep': (f) => `${itself(f, 'slept', 'by itself ')}for ${spanText(f.waited)}${sleeps(f)}.`,
  'own-poll': (f) =>
    `${itself(f, 'waited', '')}by timers of its own, with nothing known to be asked of anybody, for ${spanText(f.waited)}.`,
  'own-cpu': (f) =>
    `${itself(f, 'computed, or waited for a CPU', '')}for ${spanText(f.waited)}${f.calls === null ? '' : `, between ${f.calls.times.toLocaleString('en')} calls of ${f.calls.name}${f.calls.failed > 0 ? `, ${f.calls.failed.toLocaleString('en')} of which failed` : ''}`}.`,
};

const NAMESERVER: Readonly<Record<string, string>> = {
  ENETUNREACH: 'cannot be reached: there is no route to the network',
  EHOSTUNREACH: 'cannot be reached: there is no route to the host',
  EADDRNOTAVAIL: 'cannot be reached: there is no address to ask from',
  ECONNREFUSED: 'refuses connections over TCP',
  EPERM: 'may not be asked: a packet filter or a policy on this side forbids it',
};

function droppedText({ tuple, where, reasons }: CauseFacts['connect-packets-dropped']): string {
  if (where !== null) return `packets (${tuple}) ${vanishedText(where)}`;
  if (reasons.length > 1 || reasons[0] !== 'NETFILTER_DROP') return `packets were dropped (${tuple}) by ${list(reasons.map(reasonText))}`;
  return `a packet filter dropped its packets (${tuple}): iptables or nftables, for a network policy, a firewall or a full conntrack table`;
}

/** `sleep, which bash (12) ran 25 times, slept `; of one process its name alone. */
function itself({ owner, children }: CauseFacts['own-sleep'], did: string, alone: string): string {
  return children === null
    ? `${name(owner)} ${did} ${alone}`
    : `${children.comm}, of which ${children.count} ran under ${name(owner)}, ${did} `;
}

function sleeps({ times, waited, children }: CauseFacts['own-sleep']): string {
  if (times < 2) return '';
  return `${children === null ? ',' : ' together,'} in ${times.toLocaleString('en')} sleeps of ${spanText(waited / times)} on average`;
}

function connecting(f: Connecting): string {
  return f.never
    ? `${name(f.owner)} could not connect to ${f.to}: nothing came back in ${spanText(f.waited)}`
    : `${name(f.owner)} waited ${spanText(f.waited)} for its connection to ${f.to}`;
}

function asking(f: Asking): string {
  return f.never
    ? `${name(f.owner)} got no ${f.asked} from ${f.to} in ${spanText(f.waited)}`
    : f.answers > 1
      ? `${name(f.owner)} waited ${spanText(f.waited)} for ${f.answers.toLocaleString('en')} answers of ${f.to}, ${spanText(f.waited / f.answers)} on average`
      : `${name(f.owner)} waited ${spanText(f.waited)} for the ${f.asked} of ${f.to}`;
}

function elsewhere(f: Asking): string {
  return `${asking(f)}; the server was not recorded, so what it did is not in the capture.`;
}

function serving(f: Serving): string {
  const late = f.late !== null && f.late > f.waited / 5 ? `, and had read the request only after ${spanText(f.late)}` : '';
  return `${asking(f)}: ${name(f.server)} ${f.work} for ${spanText(f.spent)} of ${f.answers > 1 ? 'the longest' : 'it'}${late}.`;
}

function failing(f: Failed): string {
  return `${name(f.owner)} failed in ${f.call}${target(f)}`;
}

const OTHER_END = { reading: ' for writing', writing: ' for reading', '': '' } as const;

function datagramFate({ reasons, holder, read }: CauseFacts['datagram-unanswered']): string {
  if (reasons.includes('NO_SOCKET')) return ': nobody has that port open there';
  if (reasons.length === 1 && reasons[0] === 'NETFILTER_DROP')
    return ': a packet filter (iptables or nftables: a network policy, a firewall) dropped it';
  if (reasons.length > 0) return `: a packet was dropped by ${list(reasons.map(reasonText))}`;
  if (holder === null) return '; who should answer is not on this node, so what it did is not in the capture';
  return `: ${name(holder)} has that port open, and ${read ? 'read the datagram' : 'is not seen to have read the datagram'}`;
}

/** Alerts by which a server refuses who did not show it a good certificate. */
const WANTS_CERTIFICATE = /certificate/;

const SIGKILL = 9;

/** SIGPIPE, SIGALRM, SIGXCPU, SIGXFSZ. */
const KERNELS: Readonly<Record<number, string>> = {
  13: 'to who writes where nobody reads any more',
  14: 'when a timer of the program runs out',
  24: 'when the limit of CPU time is reached',
  25: 'when a file grows beyond the limit',
};

function doing({ doing: at }: Ended): string {
  return at === null ? '' : `; it had been waiting in ${at.call}${at.what === '' ? '' : ` of ${at.what}`} for ${spanText(at.waited)}`;
}

function sender({ by, owner, signal: ended, computed }: Ended): string {
  const own = KERNELS[ended];
  const itself = by?.pid === owner.pid;
  if (by !== null && !(itself && own !== undefined)) return itself ? 'sent by itself' : `sent by ${name(by)}`;
  if (own !== undefined) return `which the kernel sends ${own}`;
  const outside = 'somebody outside the recording';
  if (ended !== SIGKILL) return `which no recorded process sent: ${outside}`;
  const why =
    computed > 0 ? `at its limit of CPU time (it had computed for ${spanText(computed)}) or for want of memory` : 'for want of memory';
  return `which no recorded process sent: the kernel, ${why}, or ${outside}`;
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

function target({ what }: Failed): string {
  return what === '' ? '' : ` of ${shown(what)}`;
}

function times(n: number): string {
  return n === 1 ? 'once' : `${n} times`;
}

function after({ exit }: Failed): string {
  return exit === null || exit === 0 ? '' : `, and ended with ${exit}`;
}

function ending({ exit, signal: ended }: Ended): string {
  return ended !== 0 ? ` and was ended by ${signal(ended)}` : exit === 0 ? '' : ` and ended with ${exit}`;
}

function saying({ said }: Pick<Ended, 'said'>): string {
  return said === '' ? '' : `; it wrote “${said}”`;
}

function signal(number: number): string {
  return signalName(number) || `signal ${number}`;
}

/** A carriage return at the end is what is to be seen. */
function shown(text: string): string {
  return text.replace(/\r$/, '\\r');
}
