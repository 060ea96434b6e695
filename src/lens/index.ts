/** All lenses. */
import { echo } from './echo.ts';
import { kubeEvents } from './kube-events.ts';
import type { Lens } from './lens.ts';
import { list } from './list.ts';
import { services } from './services.ts';
import { top, topBy } from './top.ts';

const SOCKETS = 'fd.type in (ipv4, ipv6)';
const MOVED = 'evt.is_io=true and evt.failed=false';
const NET = `${SOCKETS} and ${MOVED}`;
const FILE = `fd.type=file and ${MOVED}`;
const FAILED = 'evt.failed=true and not evt.res in (EAGAIN, EINPROGRESS, EINTR)';

const over = (ms: string) => `evt.latency>=${ms}ms`;
const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

// biome-ignore format: a table
export const LENSES: readonly Lens[] = [
  echo({ name: 'echo', chisels: ['echo_fds'], doc: 'what was read and written, in order', args: [], filter: () => 'evt.is_io=true' }),
  echo({ name: 'port', chisels: ['spy_port'], doc: 'what went through a port', args: ['port'], filter: ([port]) => `evt.is_io=true and fd.port=${port}` }),
  echo({ name: 'ip', chisels: ['spy_ip'], doc: 'what was exchanged with an address', args: ['address'], filter: ([ip]) => `evt.is_io=true and fd.ip=${ip}` }),
  echo({ name: 'file', chisels: ['spy_file'], doc: 'what was read from and written to a file', args: ['path'], filter: ([path]) => `evt.is_io=true and fd.type=file and fd.name contains ${quoted(path!)}` }),
  echo({ name: 'stdout', chisels: ['stdout'], doc: 'what programs wrote to their standard output', args: [], filter: () => 'evt.is_io_write=true and fd.num=1' }),
  echo({ name: 'stderr', chisels: ['stderr'], doc: 'what programs wrote to their standard error', args: [], filter: () => 'evt.is_io_write=true and fd.num=2' }),
  echo({ name: 'stdin', chisels: ['stdin'], doc: 'what programs read from their standard input', args: [], filter: () => 'evt.is_io_read=true and fd.num=0' }),
  top({ name: 'connections', chisels: ['topconns'], doc: 'connections, by bytes', by: ['fd.l4proto', 'fd.name'], measure: 'bytes', filter: NET }),
  top({ name: 'ports', chisels: ['topports_server'], doc: 'server ports, by bytes', by: ['fd.sport'], measure: 'bytes', filter: NET }),
  top({ name: 'procs-net', chisels: ['topprocs_net'], doc: 'processes, by bytes on the network', by: ['proc.name', 'proc.pid'], measure: 'bytes', filter: NET }),
  top({ name: 'procs-file', chisels: ['topprocs_file'], doc: 'processes, by bytes in files', by: ['proc.name', 'proc.pid'], measure: 'bytes', filter: FILE }),
  top({ name: 'procs-errors', chisels: ['topprocs_errors'], doc: 'processes, by failed calls', by: ['proc.name', 'proc.pid'], measure: 'errors', filter: FAILED }),
  top({ name: 'files', chisels: ['topfiles_bytes'], doc: 'files, by bytes', by: ['fd.name'], measure: 'bytes', filter: FILE }),
  top({ name: 'files-time', chisels: ['topfiles_time'], doc: 'files, by time spent on them', by: ['fd.name'], measure: 'time', filter: 'fd.type=file' }),
  top({ name: 'files-errors', chisels: ['topfiles_errors'], doc: 'files, by failed calls', by: ['fd.name'], measure: 'errors', filter: `fd.type=file and ${FAILED}` }),
  top({ name: 'containers-net', chisels: ['topcontainers_net'], doc: 'containers, by bytes on the network', by: ['container.id'], measure: 'bytes', filter: NET }),
  top({ name: 'containers-file', chisels: ['topcontainers_file'], doc: 'containers, by bytes in files', by: ['container.id'], measure: 'bytes', filter: FILE }),
  top({ name: 'containers-errors', chisels: ['topcontainers_error'], doc: 'containers, by failed calls', by: ['container.id'], measure: 'errors', filter: FAILED }),
  top({ name: 'calls', chisels: ['topscalls'], doc: 'kinds of events, by how many', by: ['evt.type'], measure: 'count', filter: '' }),
  top({ name: 'calls-time', chisels: ['topscalls_time'], doc: 'kinds of events, by time', by: ['evt.type'], measure: 'time', filter: '' }),
  topBy('count-by', 'fdcount_by', 'events, by any field', 'count', ''),
  topBy('bytes-by', 'fdbytes_by', 'bytes moved, by any field', 'bytes', MOVED),
  topBy('time-by', 'fdtime_by', 'time spent, by any field', 'time', ''),
  topBy('errors-by', 'fderrors_by', 'failed calls, by any field', 'errors', FAILED),
  list({ name: 'slow-files', chisels: ['fileslower'], doc: 'file I/O that took at least some milliseconds', args: ['ms'], filter: ([ms]) => `fd.type=file and evt.is_io=true and ${over(ms!)}`, fields: ['evt.num', 'evt.time', 'evt.latency', 'proc.name', 'evt.type', 'fd.name'] }),
  list({ name: 'slow-net', chisels: ['netlower'], doc: 'network I/O that took at least some milliseconds', args: ['ms'], filter: ([ms]) => `${SOCKETS} and evt.is_io=true and ${over(ms!)}`, fields: ['evt.num', 'evt.time', 'evt.latency', 'proc.name', 'evt.type', 'fd.name'] }),
  list({ name: 'slow-calls', chisels: ['scallslower'], doc: 'calls that took at least some milliseconds', args: ['ms'], filter: ([ms]) => over(ms!), fields: ['evt.num', 'evt.time', 'evt.latency', 'proc.name', 'evt.type', 'fd.name'] }),
  services({ name: 'services', chisels: [], doc: 'connections to services: who connected, to which, where that led, and who took it there' }),
  kubeEvents({ name: 'k8s-events', chisels: [], doc: 'what the cluster reported meanwhile: of which object, why, how often' }),
  list({ name: 'errors', chisels: [], doc: 'calls that failed', args: [], filter: () => FAILED, fields: ['evt.num', 'evt.time', 'proc.name', 'evt.type', 'evt.res', 'fd.name', 'fs.path.name'] }),
  list({ name: 'opens', chisels: ['list_opens'], doc: 'files that were opened', args: [], filter: () => 'evt.type in (open, openat, openat2, creat)', fields: ['evt.num', 'evt.time', 'proc.name', 'evt.res', 'evt.arg.name'] }),
  list({ name: 'commands', chisels: ['spy_users'], doc: 'commands that were started', args: [], filter: () => 'evt.type in (execve, execveat) and evt.failed=false', fields: ['evt.num', 'evt.time', 'proc.pid', 'proc.pname', 'proc.cmdline'] }),
  list({ name: 'exits', chisels: ['proc_exec_time'], doc: 'processes that ended, and how', args: [], filter: () => 'evt.type=procexit and thread.ismain=true', fields: ['evt.num', 'evt.time', 'proc.pid', 'proc.duration', 'evt.arg.ret', 'evt.arg.sig', 'proc.cmdline'] }),
];

const NAMES = new Map(LENSES.flatMap((lens) => [lens.name, ...lens.chisels].map((name) => [name, lens] as const)));

/** By its own name or sysdig's; null: there is none. */
export function lensNamed(name: string): Lens | null {
  return NAMES.get(name) ?? null;
}

export const LENS_NAMES: readonly string[] = [...NAMES.keys()];
