/** Situations out of nothing, an event each line: what is played live costs seconds, and these need no second machine. */

import { EventFlag } from '../../src/model/chunk.ts';
import { MS } from '../../src/model/time.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { type EventSpec, EventsBuilder } from '../helpers/events.ts';

/** A client (pid 7) and a server (8), both begun in the capture, on a connection whose two ends are rows of their own. */
export class Drama {
  readonly events = new EventsBuilder();
  readonly client: number;
  readonly server: number;
  readonly meta: Record<string, string> = {};

  constructor() {
    this.client = this.#process(7, 'client');
    this.server = this.#process(8, 'server');
  }

  /** `at`, `took`: ms. */
  call(thread: number, type: string, at: number, took: number, more: EventSpec = {}): this {
    this.events.event({ type, thread, time: at * MS, latency: took * MS, ...more });
    return this;
  }

  tcp(): { client: number; server: number } {
    const [near, far] = ['127.0.0.1:4000', '127.0.0.1:80'];
    const client = this.events.udp(near, far, { l4proto: 6, role: 'client' }).id;
    return { client, server: this.events.udp(far, near, { l4proto: 6, role: 'server' }).id };
  }

  /** Neither end of a Unix socket says which it is. */
  unix(name: string): { client: number; server: number } {
    return { client: this.events.fd({ kind: 'unix', name }).id, server: this.events.fd({ kind: 'unix', name }).id };
  }

  ends(at: number): this {
    for (const thread of [this.client, this.server])
      this.events.event({
        type: 'procexit',
        thread,
        time: at++ * MS,
        res: null,
        flags: EventFlag.ONE_SIDED,
        args: [0, 0, 0, 0, 0, 0, new Uint8Array(0)],
      });
    return this;
  }

  write(path: string): void {
    const { tables, chunk } = this.events;
    const writer = new CaptureWriter(path, tables, { level: 1, live: false });
    writer.meta({ epoch: '1700000000000000000', hostname: 'node-1', source: 'trowel', state: 'complete', ...this.meta });
    writer.append(chunk);
    writer.close({ end: String(chunk.time[chunk.n - 1] ?? 0) });
  }

  #process(pid: number, comm: string): number {
    const of = this.events.process({ comm, pid, started: 1, exepath: `/bin/${comm}`, exe: comm });
    return this.events.thread({ of }).id;
  }
}

const GET = 'GET /json HTTP/1.1\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const SOCKET = '/run/docker.sock';

/** A request at 2 ms, its answer at 1,000 ms; between, the server sleeps. */
function asked(drama: Drama, { client, server }: { client: number; server: number }, request: string): Drama {
  return drama
    .call(drama.client, 'connect', 1, 0.1, { fd: client })
    .call(drama.server, 'accept4', 1.5, 1, { fd: server })
    .call(drama.client, 'sendto', 2, 0.1, { fd: client, res: request.length, data: request })
    .call(drama.server, 'recvfrom', 2.5, 0.5, { fd: server, res: request.length, data: request })
    .call(drama.server, 'clock_nanosleep', 999, 996)
    .call(drama.server, 'sendto', 1000, 0.1, { fd: server, res: OK.length, data: OK })
    .call(drama.client, 'recvfrom', 1000.2, 998, { fd: client, res: OK.length, data: OK })
    .ends(1001);
}

function unixServer(): Drama {
  const drama = new Drama();
  return asked(drama, drama.unix(SOCKET), GET);
}

/** Another connection to the same socket is accepted between, and the first is asked on. */
function twoOnOneSocket(): Drama {
  const drama = new Drama();
  const [first, second] = [drama.unix(SOCKET), drama.unix(SOCKET)];
  drama.call(drama.server, 'connect', 0.5, 0.1, { fd: second.client }).call(drama.client, 'accept4', 0.6, 0.1, { fd: second.server });
  return asked(drama, first, GET);
}

function watch(): Drama {
  const drama = new Drama();
  return asked(drama, drama.tcp(), 'GET /api/v1/pods?watch=true&timeoutSeconds=1 HTTP/1.1\r\n\r\n');
}

function withoutLeave(): Drama {
  const drama = new Drama();
  const { client, server } = drama.tcp();
  const head = 'POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n';
  return drama
    .call(drama.client, 'sendto', 2, 0.1, { fd: client, res: head.length, data: head })
    .call(drama.server, 'recvfrom', 2.5, 0.5, { fd: server, res: head.length, data: head })
    .call(drama.client, 'poll', 1002, 1000, { fd: client, res: 0 })
    .call(drama.client, 'sendto', 1002.2, 0.1, { fd: client, res: 4, data: 'body' })
    .call(drama.server, 'recvfrom', 1002.3, 999, { fd: server, res: 4, data: 'body' })
    .call(drama.server, 'sendto', 1003, 0.1, { fd: server, res: OK.length, data: OK })
    .call(drama.client, 'recvfrom', 1003.2, 1, { fd: client, res: OK.length, data: OK })
    .ends(1004);
}

/** Twelve requests in two parts each, the second of which arrives 42 ms late. */
function heldBack(): Drama {
  const drama = new Drama();
  const { client, server } = drama.tcp();
  for (let at = 2; at < 12 * 44; at += 44)
    drama
      .call(drama.client, 'sendto', at, 0.1, { fd: client, res: 16, data: 'POST / HTTP/1.1\n' })
      .call(drama.server, 'recvfrom', at + 0.1, 0.2, { fd: server, res: 16, data: 'POST / HTTP/1.1\n' })
      .call(drama.client, 'sendto', at + 0.3, 0.1, { fd: client, res: 4, data: 'body' })
      .call(drama.server, 'recvfrom', at + 42.5, 42, { fd: server, res: 4, data: 'body' })
      .call(drama.server, 'sendto', at + 43, 0.1, { fd: server, res: OK.length, data: OK })
      .call(drama.client, 'recvfrom', at + 43.2, 42, { fd: client, res: OK.length, data: OK });
  return drama.ends(540);
}

/** All of the answer was sent at 3 ms; its reader takes a part, sleeps by a timer, and takes the rest at 1,003 ms. */
function readLate(): Drama {
  const drama = new Drama();
  const { client, server } = drama.tcp();
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n';
  return drama
    .call(drama.client, 'sendto', 2, 0.1, { fd: client, res: GET.length, data: GET })
    .call(drama.server, 'recvfrom', 2.2, 0.3, { fd: server, res: GET.length, data: GET })
    .call(drama.server, 'sendto', 3, 0.1, { fd: server, res: 900_000 + head.length, data: head })
    .call(drama.client, 'recvfrom', 3.2, 0.1, { fd: client, res: 1000, data: head })
    .call(drama.client, 'poll', 1003, 999, { fd: client, res: 0 })
    .call(drama.client, 'recvfrom', 1003.2, 0.1, { fd: client, res: 899_000 + head.length, data: 'x' })
    .ends(1004);
}

/** The answer came at 200 ms, while its client was stopped, which it was until 1,000 ms. */
function stopped(): Drama {
  const drama = new Drama();
  const { client, server } = drama.tcp();
  return drama
    .call(drama.client, 'sendto', 2, 0.1, { fd: client, res: GET.length, data: GET })
    .call(drama.server, 'recvfrom', 2.2, 0.3, { fd: server, res: GET.length, data: GET })
    .call(drama.server, 'kill', 100, 0.1, { res: 0, args: [7, 19] })
    .call(drama.server, 'sendto', 200, 0.1, { fd: server, res: OK.length, data: OK })
    .call(drama.server, 'kill', 1000, 0.1, { res: 0, args: [7, 18] })
    .call(drama.client, 'recvfrom', 1000.2, 998, { fd: client, res: OK.length, data: OK })
    .ends(1001);
}

/** Only calls on the network were recorded: that it slept is not in the capture. */
function onlyNet(): Drama {
  const drama = new Drama();
  drama.meta.filter = 'evt.category=net';
  const fd = drama.events.fd({ kind: 'ipv4', l4proto: 6 }).id;
  return drama.call(drama.client, 'bind', 1, 0.1, { fd }).call(drama.client, 'close', 1000, 0.1, { fd }).ends(1001);
}

function timer(): Drama {
  const drama = new Drama();
  const fd = drama.events.fd({ kind: 'timerfd', name: 'timerfd' }).id;
  return drama.call(drama.client, 'read', 1000, 999, { fd, res: 8 }).ends(1001);
}

/** A terminal cannot be synced: no loop, however often somebody sleeps between. */
function syncedTerminal(): Drama {
  const drama = new Drama();
  const fd = drama.events.fd({ name: '/dev/ptmx' }).id;
  for (let at = 10; at < 900; at += 200)
    drama.call(drama.client, 'fdatasync', at, 0.1, { fd, res: -22 }).call(drama.client, 'clock_nanosleep', at + 150, 149);
  return drama.ends(1001);
}

/** `cause` null: nothing is to be blamed. */
// biome-ignore format: a table
export const MADE: readonly { readonly name: string; readonly make: () => Drama; readonly cause: string | null; readonly says: RegExp }[] = [
  { name: 'a Unix socket whose server sleeps', make: unixServer, cause: 'server-sleeps', says: /^client \(7\) waited 998 ms for the answer of \/run\/docker\.sock: server \(8\) slept for 99\d ms/ },
  { name: 'two connections to one Unix socket', make: twoOnOneSocket, cause: 'server-sleeps', says: /docker\.sock: server \(8\) slept for/ },
  { name: 'a “100 Continue” that never comes', make: withoutLeave, cause: 'continue-unanswered', says: /^client \(7\) sent 127\.0\.0\.1:80 the head of a request .* waited 1\.000 s for “100 Continue”/ },
  { name: 'requests in parts', make: heldBack, cause: 'request-held-back', says: /waited 50\d ms for 12 answers of 127\.0\.0\.1:80, 42\.\d ms on average: .* reached server \(8\) only 42\.\d ms after/ },
  { name: 'an answer that is read late', make: readLate, cause: 'answer-read-late', says: /^client \(7\) took 999 ms to read on in the answer of 127\.0\.0\.1:80: server \(8\) had sent more/ },
  { name: 'a client that is stopped', make: stopped, cause: 'own-stopped', says: /^client \(7\) was stopped \(SIGSTOP\) by server \(8\) for 900 ms/ },
  { name: 'healthy: a watch of Kubernetes', make: watch, cause: null, says: /./ },
  { name: 'healthy: only the network recorded', make: onlyNet, cause: null, says: /./ },
  { name: 'healthy: a terminal that is synced', make: syncedTerminal, cause: null, says: /./ },
  { name: 'healthy: a timer that is read', make: timer, cause: null, says: /./ },
];
