/** What each lens is asked for its golden: words, and a capture that has something to show. */
import { join } from 'node:path';
import type { Capture } from '../../src/capture/capture.ts';
import type { ArgType, EventType } from '../../src/model/event-type.ts';
import { FIRST_IMPORTED } from '../../src/model/event-type.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { MS } from '../../src/model/time.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import type { Folder } from '../export/made.ts';
import { EventsBuilder } from '../helpers/events.ts';

/** Words for arguments, by their names. */
export const WORDS: Readonly<Record<string, string>> = {
  port: '53',
  address: '10.88.0.53',
  path: 'resolv.conf',
  field: 'proc.name',
  ms: '10',
};

const scene = (name: string) => `captures/scenes/${name}.trowel`;

/** Lenses that the article's scene has nothing for, and who has: a scene, or `made`. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  stderr: scene('a-certificate-that-is-not-accepted'),
  stdin: scene('healthy-a-pipe-whose-writer-takes-its-time'),
  'files-errors': scene('a-disk-that-fails'),
  'slow-net': scene('a-dns-server-that-must-not-be-asked'),
  'port-bindings': scene('a-dns-server-that-fails'),
  'page-faults': 'made',
  'slow-files': 'made',
  services: 'made',
  'k8s-events': 'made',
  pods: 'made',
  'accept-queues': 'made',
  syslog: 'made',
  logs: 'made',
  logins: 'made',
  'memcache-log': 'memcache',
};

/** The capture for a lens. */
export function captureFor(lens: string, folder: Folder): Capture {
  const found = ELSEWHERE[lens] ?? 'captures/critical-app.trowel';
  if (found === 'memcache') return new CaptureReader(memcacheCapture(folder));
  return new CaptureReader(found === 'made' ? madeCapture(folder) : join(packageRoot(), found));
}

const argument = (name: string, format: ArgType['format']): ArgType => ({ name, format, column: null, storage: 'number' });

/** Types that only imported files have. */
function imported(id: number, name: string, args: readonly ArgType[]): EventType {
  return {
    id: FIRST_IMPORTED + id,
    name,
    category: 'other',
    family: 'other',
    io: null,
    wait: false,
    makesFd: false,
    usesFd: false,
    syscall: false,
    args,
  };
}

const POD = '11111111-2222-3333-4444-555555555555';
const CONTAINER = 'c0ffee000000';

const madeIn = new WeakMap<Folder, string>();

function madeCapture(folder: Folder): string {
  const path = madeIn.get(folder) ?? makeCapture(folder);
  madeIn.set(folder, path);
  return path;
}

function makeCapture(folder: Folder): string {
  const made = new EventsBuilder();
  const { tables } = made;
  const fault = imported(1, 'page_fault', [argument('addr', 'hex'), argument('ip', 'hex'), argument('error', 'dec')]);
  tables.types.put(fault);
  const accept = { ...imported(2, 'accept4', [argument('queuepct', 'dec')]), makesFd: true };
  tables.types.put(accept);
  const web = made.process({
    pid: 200,
    comm: 'web',
    exe: 'web',
    args: ['--port', '8080'],
    container: CONTAINER,
    cgroups: [`=/kubepods/pod${POD}/${CONTAINER}`],
  });
  const worker = made.thread({ of: web });
  made.process({ pid: 1, ppid: 0, comm: 'init', exe: 'init' });
  const sshd = made.process({ pid: 90, comm: 'sshd', exe: 'sshd: root' });
  const shell = made.thread({ of: made.process({ pid: 100, ppid: sshd.pid, comm: 'bash', exe: '-bash', tty: 34816 }) });
  kubeRows(made);
  made.event({ type: 'execve', thread: shell.id, time: MS });
  made.event({
    type: 'write',
    thread: shell.id,
    fd: made.fd({ kind: 'unix', name: '/dev/log' }).id,
    res: 33,
    data: '<86>sshd[90]: session opened for u',
  });
  made.event({ type: 'write', thread: worker.id, fd: made.fd({ name: '/var/log/web.log' }).id, res: 9, data: 'GET / 200' });
  made.event({
    type: 'read',
    thread: worker.id,
    fd: made.fd({ name: '/srv/page' }).id,
    res: 9,
    latency: 25 * MS,
    time: 50 * MS,
    data: '<html>...',
  });
  const toService = made.udp('10.42.0.2:40000', '10.43.0.10:80', { l4proto: 6 });
  made.event({ type: 'connect', thread: worker.id, fd: toService.id, time: 60 * MS, res: 0 });
  const taken = made.udp('10.42.0.2:8080', '10.42.0.9:50000', { l4proto: 6, role: 'server' });
  eventOf(made, accept, { thread: worker.id, fd: taken.id, res: 4, args: [75] });
  for (const address of [0x1000, 0x2000, 0x1000]) eventOf(made, fault, { thread: worker.id, args: [address, 0x4000, 4] });
  return folder.capture('made.trowel', made, { end: String(100 * MS) });
}

/** Both ends of a connection: lines one after the other, cut ones, what is stored, and what is none of it. */
function memcacheCapture(folder: Folder): string {
  const made = new EventsBuilder();
  const client = made.thread({ of: made.process({ pid: 300, comm: 'web' }) }).id;
  const server = made.thread({ of: made.process({ pid: 400, comm: 'memcached' }) }).id;
  const fd = made.udp('10.42.0.2:40000', '10.42.0.3:11211', { l4proto: 6 }).id;
  const sent = [
    'get user:1\r\n',
    'set user:1 0 300 5 noreply\r\nhello\r\nget user:1 user:2\r\n',
    'cas page 0 -1 100000 77\r\n<html> get nothing',
    'delete a\r\nincr hits 1\r\ntouch b 60\r\ngat 60 c\r\nversion\r\n',
    'get half-of-a-k',
    'getaway car\r\n',
  ];
  for (const data of sent) {
    made.event({ type: 'write', thread: client, fd, res: data.length, data });
    made.event({ type: 'read', thread: server, fd, res: data.length, data });
  }
  made.event({ type: 'read', thread: client, fd, res: 24, data: 'VALUE user:1 0 5\r\nhello\r\n' });
  return folder.capture('memcache.trowel', made, { end: String(MS) });
}

/** The builder numbers types of ours; those of files have numbers of their own. */
function eventOf(made: EventsBuilder, type: EventType, spec: Parameters<EventsBuilder['event']>[0]): void {
  made.event(spec);
  made.chunk.type[made.chunk.n - 1] = type.id;
}

function kubeRows({ tables }: EventsBuilder): void {
  tables.containers.add({
    container: CONTAINER, runtime: 'containerd', name: 'web', image: 'registry.example/web:1', imageId: '', ip: '', privileged: false, labels: {}, mounts: [],
    source: 'cri', from: 0, to: null,
  }); // biome-ignore format: a row
  const row = {
    labels: {}, annotations: null, selector: null, expressions: null, node: '', ports: [], owners: [], containers: [], status: null, source: 'api',
    from: 0, to: null,
  }; // biome-ignore format: a row
  tables.objects.add({
    ...row,
    kind: 'Pod',
    uid: POD,
    namespace: 'shop',
    name: 'web-1',
    node: 'node-1',
    ips: ['10.42.0.2'],
    containers: [CONTAINER],
  });
  const http = [{ name: 'http', port: 80, protocol: 'TCP' }];
  tables.objects.add({
    ...row,
    kind: 'Service',
    uid: 'service-1',
    namespace: 'shop',
    name: 'backend',
    ips: ['10.43.0.10'],
    ports: http,
    selector: { app: 'backend' },
  });
  tables.kubeEvents.add({
    uid: 'event-1', namespace: 'shop', kind: 'Pod', name: 'web-1', object: POD, type: 'Warning', reason: 'Unhealthy', message: 'Readiness probe failed', count: 3,
    first: 10 * MS, last: 90 * MS,
  }); // biome-ignore format: a row
}
