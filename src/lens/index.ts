/** All lenses: the one list that the command line, programs and the screen have them from. */
import { EXEC_CALLS, OPEN_CALLS } from '../model/calls.ts';
import { containersCpu, procsCpu } from './cpu.ts';
import { dnsBill } from './dns-bill.ts';
import { HTTP_EVENTS, httpLog, httpTop } from './http.ts';
import { kubeEvents } from './kube-events.ts';
import type { Lens, LookAt, OwnAsk } from './lens.ts';
import { MEMCACHE_EVENTS, memcacheLog } from './memcache.ts';
import { containersAt, openFilesAt, podsAt, socketsAt } from './open-at.ts';
import { processes, processTree } from './processes.ts';
import { spectrogram, subsecond } from './series.ts';
import { SERVICE_CONNECTS, services } from './services.ts';
import { bottlenecks, gaps, stalls } from './stalls.ts';

const SOCKETS = 'fd.type in (ipv4, ipv6)';
const MOVED = 'evt.is_io=true and evt.failed=false';
const NET = `${SOCKETS} and ${MOVED}`;
const FILE = `fd.type=file and ${MOVED}`;
const FAILED = 'evt.failed=true and not evt.res in (EAGAIN, EINPROGRESS, EINTR)';
const STARTS = `evt.type in (${EXEC_CALLS})`;

type Spec = Pick<Lens, 'name' | 'doc' | 'filter'> & {
  readonly chisels?: readonly string[];
  readonly args?: readonly string[];
  readonly at?: LookAt | null;
};
const lens = ({ chisels = [], args = [], at = null, ...spec }: Spec, ask: Lens['ask']): Lens => ({ chisels, args, at, ...spec, ask });
const rank = (by: readonly string[], measures: readonly string[], spec: Spec) => lens(spec, { kind: 'rank', by, measures });
const list = (columns: string, spec: Spec) => lens(spec, { kind: 'list', columns: columns.split(' ') });
const series = (measures: readonly string[], spec: Spec) => lens(spec, { kind: 'series', measures });
const own = (look: OwnAsk['look'], spec: Spec) => lens(spec, { kind: 'own', look });
const echo = (spec: Spec) => lens(spec, { kind: 'echo' });

const PROCESS = ['proc.name', 'proc.pid'];
const SLOW = 'evt.num evt.time evt.latency proc.name evt.type fd.name';

// biome-ignore format: a table
export const LENSES: readonly Lens[] = [
  echo({ name: 'echo', chisels: ['echo_fds'], doc: 'what was read and written, in order', filter: 'evt.is_io=true' }),
  echo({ name: 'port', chisels: ['spy_port'], doc: 'what went through a port', args: ['port'], filter: 'evt.is_io=true and fd.port={port}' }),
  echo({ name: 'ip', chisels: ['spy_ip'], doc: 'what was exchanged with an address', args: ['address'], filter: 'evt.is_io=true and fd.ip={address}' }),
  echo({ name: 'file', chisels: ['spy_file'], doc: 'what was read from and written to a file', args: ['path'], filter: 'evt.is_io=true and fd.type=file and fd.name contains {path}' }),
  echo({ name: 'stdout', chisels: ['stdout'], doc: 'what programs wrote to their standard output', filter: 'evt.is_io_write=true and fd.num=1' }),
  echo({ name: 'stderr', chisels: ['stderr'], doc: 'what programs wrote to their standard error', filter: 'evt.is_io_write=true and fd.num=2' }),
  echo({ name: 'stdin', chisels: ['stdin'], doc: 'what programs read from their standard input', filter: 'evt.is_io_read=true and fd.num=0' }),
  rank(['fd.l4proto', 'fd.name'], ['bytes'], { name: 'connections', chisels: ['topconns'], doc: 'connections, by bytes', filter: NET }),
  rank(['fd.sport'], ['bytes'], { name: 'ports', chisels: ['topports_server'], doc: 'server ports, by bytes', filter: NET }),
  rank(PROCESS, ['bytes'], { name: 'procs-net', chisels: ['topprocs_net'], doc: 'processes, by bytes on the network', filter: NET }),
  rank(PROCESS, ['bytes'], { name: 'procs-file', chisels: ['topprocs_file'], doc: 'processes, by bytes in files', filter: FILE }),
  rank(PROCESS, ['errors'], { name: 'procs-errors', chisels: ['topprocs_errors'], doc: 'processes, by failed calls', filter: FAILED }),
  own(procsCpu, { name: 'procs-cpu', chisels: ['topprocs_cpu'], doc: 'processes, by time on CPUs', filter: '' }),
  rank(['fd.name'], ['bytes'], { name: 'files', chisels: ['topfiles_bytes'], doc: 'files, by bytes', filter: FILE }),
  rank(['fd.name'], ['time'], { name: 'files-time', chisels: ['topfiles_time'], doc: 'files, by time spent reading and writing', filter: 'fd.type=file and evt.is_io=true' }),
  rank(['fd.name'], ['errors'], { name: 'files-errors', chisels: ['topfiles_errors'], doc: 'files, by failed calls', filter: `fd.type=file and ${FAILED}` }),
  rank(['fd.directory'], ['bytes', 'time', 'errors'], { name: 'directories', doc: 'directories, by bytes in their files', filter: 'fd.type=file' }),
  rank(['container.name?', 'container.id'], ['bytes'], { name: 'containers-net', chisels: ['topcontainers_net'], doc: 'containers, by bytes on the network', filter: NET }),
  rank(['container.name?', 'container.id'], ['bytes'], { name: 'containers-file', chisels: ['topcontainers_file'], doc: 'containers, by bytes in files', filter: FILE }),
  rank(['container.name?', 'container.id'], ['errors'], { name: 'containers-errors', chisels: ['topcontainers_error'], doc: 'containers, by failed calls', filter: FAILED }),
  own(containersCpu, { name: 'containers-cpu', chisels: ['topcontainers_cpu'], doc: 'containers, by time on CPUs', filter: '' }),
  rank(PROCESS, ['count', 'distinct(evt.arg.addr)', 'first', 'last'], { name: 'page-faults', doc: 'page faults, by process (of captures that have them: sysdig’s)', filter: 'evt.type=page_fault' }),
  rank(['evt.type'], ['count'], { name: 'calls', chisels: ['topscalls'], doc: 'kinds of events, by how many', filter: '' }),
  rank(['evt.type'], ['time'], { name: 'calls-time', chisels: ['topscalls_time'], doc: 'kinds of events, by time', filter: '' }),
  rank(['{field}'], ['distinct(fd.containername)', 'count'], { name: 'fds-by', chisels: ['fdcount_by'], doc: 'different descriptors, by any field', args: ['field'], filter: 'fd.name exists' }),
  rank(['{field}'], ['count'], { name: 'count-by', doc: 'events, by any field', args: ['field'], filter: '' }),
  rank(['{field}'], ['bytes'], { name: 'bytes-by', chisels: ['fdbytes_by'], doc: 'bytes moved, by any field', args: ['field'], filter: MOVED }),
  rank(['{field}'], ['time'], { name: 'time-by', chisels: ['fdtime_by'], doc: 'time spent reading and writing, by any field', args: ['field'], filter: 'evt.is_io=true' }),
  rank(['{field}'], ['errors'], { name: 'errors-by', chisels: ['fderrors_by'], doc: 'failed calls, by any field', args: ['field'], filter: FAILED }),
  rank(['evt.type'], ['count', 'errors', 'time', 'avg', 'p95', 'max'], { name: 'events', doc: 'events, grouped and measured as --by and --measure say', filter: '' }),
  list(SLOW, { name: 'slow-files', chisels: ['fileslower'], doc: 'file I/O that took at least some milliseconds', args: ['ms'], filter: 'fd.type=file and evt.is_io=true and evt.latency>={ms}ms' }),
  list(SLOW, { name: 'slow-net', chisels: ['netlower'], doc: 'network I/O that took at least some milliseconds', args: ['ms'], filter: `${SOCKETS} and evt.is_io=true and evt.latency>={ms}ms` }),
  list(SLOW, { name: 'slow-calls', chisels: ['scallslower'], doc: 'calls that took at least some milliseconds', args: ['ms'], filter: 'evt.latency>={ms}ms' }),
  own(services, { name: 'services', doc: 'connections to services: who connected, to which, where that led, and who took it there', filter: SERVICE_CONNECTS }),
  own(kubeEvents, { name: 'k8s-events', doc: 'what the cluster reported meanwhile: of which object, why, how often', filter: '' }),
  own(httpLog, { name: 'http-log', chisels: ['httplog'], doc: 'HTTP requests with status and time, of both sides: HTTP/1, HTTP/2 and gRPC', filter: HTTP_EVENTS }),
  own(httpTop, { name: 'http-top', chisels: ['httptop'], doc: 'HTTP requests that were made most, with status and times', filter: HTTP_EVENTS }),
  own(memcacheLog, { name: 'memcache-log', chisels: ['memcachelog'], doc: 'requests to memcached with their keys, of both sides', filter: MEMCACHE_EVENTS }),
  rank(['dns.qname', 'dns.qtype', 'dns.rcode'], ['count', 'avg(dns.latency)', 'max(dns.latency)'], { name: 'dns', doc: 'answers of DNS servers, by name, type and outcome', filter: 'dns.qr=answer' }),
  own(dnsBill, { name: 'dns-bill', doc: 'what search suffixes cost: queries and seconds by workload and hour, and the setting that saves them', filter: '' }),
  own(gaps, { name: 'gaps', doc: 'times of at least some milliseconds in which no event ended', args: ['ms'], filter: '' }),
  own(stalls, { name: 'stalls', doc: 'where the time of processes went: idle, blocked in calls, working between them', filter: 'evt.latency exists' }),
  own(bottlenecks, { name: 'bottlenecks', chisels: ['bottlenecks'], doc: 'the ten longest calls, without those that wait to be asked', filter: 'evt.is_wait=false and evt.latency exists' }),
  series(['bytes', 'bytes.in', 'bytes.out'], { name: 'iobytes', chisels: ['iobytes'], doc: 'bytes read and written, over time', filter: MOVED }),
  series(['bytes', 'bytes.in', 'bytes.out'], { name: 'iobytes-net', chisels: ['iobytes_net'], doc: 'bytes on the network, over time', filter: NET }),
  series(['bytes', 'bytes.in', 'bytes.out'], { name: 'iobytes-file', chisels: ['iobytes_file'], doc: 'bytes in files, over time', filter: FILE }),
  series(['count', 'errors', 'p95'], { name: 'over-time', doc: 'events, failures and latencies, over time', filter: '' }),
  own(spectrogram, { name: 'spectrogram', chisels: ['spectrogram'], doc: 'how many calls took how long, over time', filter: 'evt.latency exists' }),
  own(subsecond, { name: 'subsecond', chisels: ['subsecoffset'], doc: 'when within a second of the clock events come', filter: '' }),
  own(processes, { name: 'ps', chisels: ['ps'], doc: 'processes, as they were last', filter: '', at: processes }),
  own(processTree, { name: 'tree', doc: 'processes under their parents, as they were last', filter: '', at: processTree }),
  rank(['proc.name', 'proc.pid', 'fd.num', 'fd.type', 'fd.name'], ['count', 'last'], { name: 'lsof', chisels: ['lsof'], doc: 'descriptors that were used, by whom', filter: 'fd.num>=0 and fd.name exists', at: openFilesAt }),
  rank(['fd.l4proto?', 'fd.name', 'fd.role?', 'proc.name', 'proc.pid'], ['count', 'bytes.in', 'bytes.out', 'last'], { name: 'netstat', chisels: ['netstat'], doc: 'sockets that were used, by whom', filter: SOCKETS, at: socketsAt }),
  rank(['container.name?', 'container.id', 'container.image?'], ['count', 'distinct(proc.pid)', 'first', 'last'], { name: 'containers', chisels: ['lscontainers'], doc: 'containers that did something', filter: 'container.id!=host', at: containersAt }),
  rank(['k8s.ns.name?', 'k8s.pod.name'], ['count', 'distinct(proc.pid)', 'first', 'last'], { name: 'pods', doc: 'pods that did something', filter: 'k8s.pod.name exists', at: podsAt }),
  rank(['user.name'], ['count', 'distinct(proc.pid)', 'first', 'last'], { name: 'users', doc: 'users whose processes did something', filter: '' }),
  list('evt.num evt.time evt.type evt.res proc.name proc.pid target', { name: 'port-bindings', doc: 'addresses that were bound and listened on', filter: 'evt.type in (bind, listen)' }),
  rank(['fd.sport', 'proc.name'], ['max(evt.rawarg.queuepct)', 'count'], { name: 'accept-queues', doc: 'how full accept queues were, in per cent, where connections were taken (imported captures have it)', filter: 'evt.type in (accept, accept4) and evt.arg.queuepct exists' }),
  list('evt.num evt.time proc.name proc.pid syslog.facility.str syslog.severity.str syslog.message', { name: 'syslog', chisels: ['spy_syslog'], doc: 'messages to syslog', filter: 'syslog.message exists' }),
  echo({ name: 'logs', chisels: ['spy_logs'], doc: 'what was written to log files', filter: 'evt.is_io_write=true and fd.type=file and (fd.name contains .log or fd.name contains /log/)' }),
  echo({ name: 'udp', chisels: ['udp_extract'], doc: 'what went over UDP', filter: 'evt.is_io=true and fd.l4proto=udp' }),
  list('evt.num evt.time proc.pid proc.pname user.name proc.tty proc.cmdline', { name: 'logins', chisels: ['list_login_shells'], doc: 'shells that logins started', filter: `${STARTS} and evt.failed=false and proc.pname in (sshd, login, su, sudo, systemd-logind, sshd-session)` }),
  list('evt.num evt.time proc.name evt.type evt.res target', { name: 'errors', doc: 'calls that failed, and on what', filter: FAILED }),
  list('evt.num evt.time proc.name evt.res evt.arg.name', { name: 'opens', chisels: ['list_opens'], doc: 'files that were opened', filter: `evt.type in (${OPEN_CALLS})` }),
  list('evt.num evt.time proc.pid proc.pname evt.res command', { name: 'commands', chisels: ['spy_users'], doc: 'commands that were started, and those that could not be', filter: STARTS }),
  list('evt.num evt.time proc.pid proc.duration exit.code exit.signal exit.core proc.cmdline', { name: 'exits', chisels: ['proc_exec_time'], doc: 'processes that ended, and how', filter: 'evt.type=procexit and thread.ismain=true' }),
];

const NAMES = new Map(LENSES.flatMap((one) => [one.name, ...one.chisels].map((name) => [name, one] as const)));

/** By its own name or sysdig's; null: there is none. */
export function lensNamed(name: string): Lens | null {
  return NAMES.get(name) ?? null;
}

export const LENS_NAMES: readonly string[] = [...NAMES.keys()];
