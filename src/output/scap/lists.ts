/** The lists before the events: machine, addresses, users, threads, descriptors, containers. */
import type { CaptureContext } from '../../event/view.ts';
import type { FdKind, FdRow, ProcessRow, ThreadRow } from '../../model/rows.ts';
import { FdType, L4 } from '../../scap/fd.ts';
import { CloneFlag } from '../../scap/thread.ts';
import type { GrowingBytes } from '../pcapng/growing.ts';
import type { Beginning } from './beginning.ts';
import { BLOCK, block, entry, eventBlock, integer, listText, section } from './blocks.ts';
import { formOf } from './forms.ts';
import { cgroupsOf, textList } from './process.ts';
import { ipBytes } from './values.ts';

const HOST = 128;
const NOBODY = 0xffffffff;
const IPV4_INTERFACE = 1;
/** What the lists say is older than all events. */
const BEFORE = -1;
/** Descriptors whose numbers cannot be a process' own. */
const LISTENING = 1 << 24;

/** Types that sysdig 0.29.3 reads; others make it give up the file. */
const TYPES: Readonly<Partial<Record<FdKind, number>>> = {
  directory: FdType.DIRECTORY,
  pipe: FdType.PIPE,
  event: FdType.EVENT,
  signalfd: FdType.SIGNALFD,
  eventpoll: FdType.EVENTPOLL,
  inotify: FdType.INOTIFY,
  timerfd: FdType.TIMERFD,
  netlink: FdType.NETLINK,
  bpf: FdType.BPF,
  userfaultfd: FdType.USERFAULTFD,
};
const L4S: Readonly<Record<number, number>> = { 6: L4.TCP, 17: L4.UDP, 1: L4.ICMP, 58: L4.ICMP, 255: L4.RAW };

/** All that comes before the first event; `named`: with what containers are called. */
export function writeLists(out: GrowingBytes, capture: CaptureContext, beginning: Beginning, named: boolean): void {
  section(out);
  machine(out, capture);
  interfaces(out);
  users(out, capture);
  const threads = listedThreads(capture, beginning);
  block(out, BLOCK.PROCESSES, () => {
    for (const [thread, process] of threads) entry(out, () => processEntry(out, thread, process, beginning));
  });
  const ports = serverPorts(beginning);
  for (const [thread, process] of threads) {
    const fds = thread.tid === process.pid ? beginning.fds.get(process.pid) : undefined;
    if (fds !== undefined) descriptors(out, thread.tid, fds, ports);
  }
  if (named) containers(out, capture);
}

function machine(out: GrowingBytes, { hostname, dims }: CaptureContext): void {
  const cpus = [...dims.counters.all()].reduce((most, { cpu }) => Math.max(most, cpu + 1), 1);
  block(out, BLOCK.MACHINE, () => {
    out.u32(cpus);
    out.zeros(8);
    out.u64(4_194_304n);
    const name = Buffer.from(hostname).subarray(0, HOST - 1);
    out.put(name);
    out.zeros(HOST - name.length + 32);
  });
}

/** The one interface that every machine has: which others there were is not known. */
function interfaces(out: GrowingBytes): void {
  block(out, BLOCK.INTERFACES, () => {
    const start = out.length;
    out.u32(0);
    out.u16(IPV4_INTERFACE);
    out.u16(2);
    for (const ip of ['127.0.0.1', '255.0.0.0', '0.0.0.0']) out.put(ipBytes(ip));
    out.zeros(8);
    out.put(Buffer.from('lo'));
    out.setU32(start, out.length - start - 4); // of this list alone: a length does not count itself
  });
}

function users(out: GrowingBytes, { dims }: CaptureContext): void {
  block(out, BLOCK.USERS, () => {
    for (const { uid, gid, name, home, shell } of dims.users.all())
      entry(out, () => {
        out.u8(0);
        out.u32(uid);
        out.u32(gid);
        for (const text of [name, home, shell]) listText(out, text);
      });
    for (const { gid, name } of dims.groups.all())
      entry(out, () => {
        out.u8(1);
        out.u32(gid);
        listText(out, name);
      });
  });
}

/** Threads with events, and the first threads of all processes, so that parents have names. */
function listedThreads({ dims }: CaptureContext, { threads }: Beginning): readonly (readonly [ThreadRow, ProcessRow])[] {
  const listed = new Map<number, readonly [ThreadRow, ProcessRow]>();
  for (const id of threads.values()) {
    const thread = dims.threads.get(id);
    const process = thread === undefined ? undefined : dims.processes.get(thread.process);
    if (thread !== undefined && process !== undefined) listed.set(thread.tid, [thread, process]);
  }
  for (const process of dims.processes.all()) {
    const { pid, vpid, comm, id, from, to } = process;
    if (!listed.has(pid)) listed.set(pid, [{ id: 0, tid: pid, vtid: vpid, comm, process: id, from, to }, process]);
  }
  return [...listed.values()].sort((a, b) => a[1].pid - b[1].pid || a[0].tid - b[0].tid);
}

/** Of the version that 0.29.3 writes. A thread that is born later is marked as known from its own return, so that its parent's changes nothing. */
function processEntry(out: GrowingBytes, thread: ThreadRow, process: ProcessRow, { fds }: Beginning): void {
  const isFirst = thread.tid === process.pid;
  for (const id of [thread.tid, process.pid, process.ppid, process.sid, process.pgid]) integer(out, id, 8);
  for (const text of [thread.comm, process.exe, process.exepath]) listText(out, text);
  listText(out, textList(process.args));
  listText(out, process.cwd);
  integer(out, Math.max(1024, fds.get(process.pid)?.size ?? 0), 8);
  out.u32(CloneFlag.INVERTED | (isFirst ? 0 : CloneFlag.THREAD | CloneFlag.FILES));
  out.u32(process.uid);
  out.u32(process.gid);
  out.zeros(3 * 4 + 2 * 8);
  listText(out, textList(process.env ?? []));
  for (const id of [thread.vtid, process.vpid]) integer(out, id, 8);
  listText(out, textList(cgroupsOf(process)));
  listText(out, process.root === '' ? '/' : process.root);
  out.u32(process.loginuid < 0 ? NOBODY : process.loginuid);
  out.zeros(1 + 3 * 8);
}

/** Ports on which the capture's servers were asked: readers tell by a listening socket which end of a listed connection asked. */
function serverPorts({ fds }: Beginning): ReadonlyMap<number, FdRow> {
  const ports = new Map<number, FdRow>();
  for (const own of fds.values())
    for (const fd of own.values()) if (fd.role === 'server' && fd.localIp !== null) ports.set(fd.localPort, fd);
  for (const own of fds.values()) for (const fd of own.values()) if (fd.role === 'listen') ports.delete(fd.localPort);
  return ports;
}

function descriptors(out: GrowingBytes, tid: number, fds: ReadonlyMap<number, FdRow>, ports: ReadonlyMap<number, FdRow>): void {
  block(out, BLOCK.FDS, () => {
    integer(out, tid, 8);
    for (const [number, fd] of fds) {
      entry(out, () => descriptor(out, number, fd));
      if (ports.get(fd.localPort) === fd) entry(out, () => descriptor(out, LISTENING + fd.localPort, listening(fd)));
    }
  });
}

const listening = (fd: FdRow): FdRow => ({ ...fd, role: 'listen', localIp: fd.localIp!.includes(':') ? '::' : '0.0.0.0', name: '' });

function descriptor(out: GrowingBytes, number: number, fd: FdRow): void {
  integer(out, number, 8);
  integer(out, fd.ino, 8);
  if (fd.localIp !== null && (fd.remoteIp !== null || fd.role === 'listen')) socket(out, fd);
  else if (fd.kind === 'unix') {
    out.u8(FdType.UNIX);
    out.zeros(16);
    listText(out, fd.name);
  } else if (fd.kind === 'file' || (fd.kind === 'unknown' && fd.name.startsWith('/'))) {
    out.u8(FdType.FILE_2);
    out.u32(fd.openFlags);
    listText(out, fd.name);
    out.u32(fd.dev);
  } else {
    out.u8(TYPES[fd.kind] ?? FdType.UNSUPPORTED);
    listText(out, fd.name);
  }
}

function socket(out: GrowingBytes, fd: FdRow): void {
  const local = ipBytes(fd.localIp!);
  const v4 = local.length === 4;
  if (fd.role === 'listen') {
    out.u8(v4 ? FdType.IPV4_SERVER : FdType.IPV6_SERVER);
    out.put(local);
    out.u16(fd.localPort);
  } else {
    out.u8(v4 ? FdType.IPV4 : FdType.IPV6);
    out.put(local);
    out.put(ipBytes(fd.remoteIp!).length === local.length ? ipBytes(fd.remoteIp!) : new Uint8Array(local.length));
    out.u16(fd.localPort);
    out.u16(fd.remotePort);
  }
  out.u8(L4S[fd.l4proto] ?? L4.UNKNOWN);
}

/** Names of containers come as events before all others. */
function containers(out: GrowingBytes, { dims, epoch }: CaptureContext): void {
  const form = formOf(CONTAINER)!.exit;
  const seen = new Set<string>();
  for (const row of dims.containers.all()) {
    if (seen.has(row.container)) continue;
    seen.add(row.container);
    const { container, name, image, imageId, ip, privileged, labels } = row;
    const known = {
      id: container.slice(0, 12),
      full_id: container,
      type: 0,
      name,
      image,
      imageid: imageId,
      imagerepo: '',
      imagetag: '',
      imagedigest: '',
    };
    const json = JSON.stringify({
      container: { ...known, ip: ip === '' ? '0.0.0.0' : ip, privileged, is_pod_sandbox: false, Mounts: [], labels },
    });
    eventBlock(out, { cpu: 0, time: epoch, tid: BEFORE }, form, [Buffer.from(json)]);
  }
}

const CONTAINER = {
  id: 0, name: 'container', category: 'internal', family: 'other', io: null, wait: false, makesFd: false, usesFd: false, syscall: false, args: [],
} as const; // biome-ignore format: a row
