/** Captures for the tests of the screen: the stalled lookup, hostile names, and as many events as are wanted. */
import packet from 'dns-packet';
import { DnsIndex } from '../../src/dns/index.ts';
import { OpenChunk } from '../../src/model/chunk.ts';
import { MS, SECOND, US } from '../../src/model/time.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';

const CLIENT = 'b3a718d8b339a3f2c1e05d7c4f9b6a8e2d1c0f3e4b5a69788796a5b4c3d2e1f0';
const SKYDNS = '36ae6d09d26e5b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b';
const NAME = 'backend.critical-app.svc.cluster.local';
const RESOLV_CONF =
  'nameserver 10.88.0.2\nsearch critical-app.svc.cluster.local svc.cluster.local cluster.local localdomain\noptions ndots:5\n';

/** Escape sequences that would clear the screen, set the title and the clipboard, and turn lines around. */
export const HOSTILE = '\x1b[2J\x1b[H\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\u202eevil\x9b31m';

/** A client that asks for a name by way of four search domains, waits 8 s for one of them, and then talks HTTP. */
export function stalledLookup(): EventsBuilder {
  const events = new EventsBuilder();
  const client = events.process({ pid: 22370, vpid: 12, comm: 'curl', exe: 'curl', args: ['-s', `http://${NAME}/`], container: CLIENT });
  const server = events.process({ pid: 17280, comm: 'skydns', exe: '/skydns', container: SKYDNS });
  const curl = events.thread({ of: client }).id;
  const skydns = events.thread({ of: server }).id;
  const resolv = events.fd({ name: '/etc/resolv.conf', ino: 5 }).id;
  let time = 1 * MS;
  const later = (ns: number) => {
    time += Math.round(ns);
    return time;
  };
  events.event({ type: 'execve', time: later(0), thread: curl, latency: 800 * US, args: [Buffer.from('/usr/bin/curl')] });
  events.event({ type: 'openat', time: later(MS), thread: curl, fd: resolv, fdnum: 3, res: 3, latency: 9 * US });
  events.event({
    type: 'read',
    time: later(20 * US),
    thread: curl,
    fd: resolv,
    res: RESOLV_CONF.length,
    latency: 4 * US,
    data: RESOLV_CONF,
  });
  events.event({
    type: 'openat',
    time: later(50 * US),
    thread: curl,
    res: -2,
    latency: 5 * US,
    args: [-100, Buffer.from('/etc/nope')],
  });
  const waits: [string, number, number][] = [
    [`${NAME}.critical-app.svc.cluster.local`, 2.17 * MS, 3],
    [`${NAME}.svc.cluster.local`, 0.74 * MS, 3],
    [`${NAME}.cluster.local`, 0.94 * MS, 3],
    [`${NAME}.localdomain`, 8.011 * SECOND, 2],
    [NAME, 1.35 * MS, 0],
  ];
  waits.forEach(([name, wait, rcode], i) => {
    const port = 46_160 + i;
    const asks = events.udp(`172.17.0.7:${port}`, '10.88.0.2:53', { ino: 100 + i }).id;
    const hears = events.udp('10.88.0.2:53', `172.17.0.7:${port}`, { ino: 50, role: 'server' }).id;
    const query = packet.encode({ id: 7 + i, type: 'query', flags: packet.RECURSION_DESIRED, questions: [{ name, type: 'A' }] });
    const answers: packet.Answer[] = rcode === 0 ? [{ name, type: 'A', ttl: 30, data: '10.88.0.5' }] : [];
    const answer = packet.encode({
      id: 7 + i,
      type: 'response',
      flags: packet.RECURSION_AVAILABLE | rcode,
      questions: [{ name, type: 'A' }],
      answers,
    });
    events.event({ type: 'sendmmsg', time: later(140 * US), thread: curl, fd: asks, res: query.length, latency: 21 * US, data: query });
    events.event({ type: 'recvmsg', time: later(30 * US), thread: skydns, fd: hears, res: query.length, latency: 3 * US, data: query });
    events.event({ type: 'sendmsg', time: later(wait), thread: skydns, fd: hears, res: answer.length, latency: 8 * US, data: answer });
    events.event({ type: 'recvfrom', time: later(12 * US), thread: curl, fd: asks, res: answer.length, latency: wait, data: answer });
  });
  const tcp = events.fd({
    kind: 'ipv4',
    role: 'client',
    l4proto: 6,
    localIp: '172.17.0.7',
    localPort: 40_000,
    remoteIp: '10.88.0.5',
    remotePort: 80,
    ino: 900,
  }).id;
  events.event({ type: 'connect', time: later(300 * US), thread: curl, fd: tcp, latency: 90 * US });
  events.event({
    type: 'sendto',
    time: later(40 * US),
    thread: curl,
    fd: tcp,
    res: 33,
    latency: 12 * US,
    data: 'GET / HTTP/1.1\r\nHost: backend\r\n\r\n',
  });
  events.event({
    type: 'recvfrom',
    time: later(2 * MS),
    thread: curl,
    fd: tcp,
    res: 36,
    latency: MS,
    data: 'HTTP/1.1 200 OK\r\n\r\nhello from backend',
  });
  new DnsIndex(events.tables).add(events.chunk);
  return events;
}

/** Every place into which a traced program can put bytes of its own. */
export function hostileEvents(): EventsBuilder {
  const events = new EventsBuilder();
  const evil = events.process({ pid: 666, comm: HOSTILE.slice(0, 15), exe: HOSTILE, args: [HOSTILE], cwd: HOSTILE, container: HOSTILE });
  const thread = events.thread({ of: evil }).id;
  const file = events.fd({ name: `/tmp/${HOSTILE}`, ino: 6 }).id;
  events.event({ type: 'openat', thread, fd: file, res: 3, args: [-100, Buffer.from(HOSTILE)] });
  events.event({ type: 'write', thread, fd: file, res: HOSTILE.length, data: HOSTILE });
  events.event({ type: 'execve', thread, res: -2, args: [Buffer.from(HOSTILE)] });
  return events;
}

/** Writes what a builder holds as a capture. `live`: it stays open, for the caller to append to and to close. */
export function writeCapture(path: string, events: EventsBuilder, live = false): CaptureWriter {
  const writer = new CaptureWriter(path, events.tables, { level: 1, live });
  writer.meta({ epoch: '1700000000000000000', hostname: 'node-1', state: 'recording' });
  writer.append(events.chunk);
  writer.flush();
  if (!live) writer.close({ end: String(events.chunk.time[events.chunk.n - 1] ?? 0) });
  return writer;
}

/** The events of a builder over and over, numbered on, `step` ns apart; handed out in chunks of at most `size`. */
export function* repeated(events: EventsBuilder, total: number, step: number, size = 8192): Generator<OpenChunk> {
  const { chunk: pattern } = events;
  const chunk = new OpenChunk(size, 1 << 16);
  for (let done = 0; done < total; ) {
    chunk.clear();
    while (chunk.n < size && done < total) {
      chunk.take(pattern, done % pattern.n);
      chunk.num[chunk.n - 1] = done + 1;
      chunk.time[chunk.n - 1] = done++ * step;
    }
    yield chunk;
  }
}
