/** All tables but that of the events: dimensions, lookups, and what explain finds. */
import type { Capture } from '../capture/capture.ts';
import type { CaptureContext } from '../event/view.ts';
import { EventView } from '../event/view.ts';
import { list } from '../explain/explain.ts';
import { allLookups } from '../lens/dns.ts';
import { spansOf } from '../lens/spans.ts';
import { endsOf, fdName, l4Name } from '../model/fd-name.ts';
import { MS } from '../model/time.ts';
import { sentenceOf } from '../output/sentences.ts';

export type SqlValue = string | number | bigint | null;

/** What rows are made of. */
export interface Source {
  readonly capture: Capture;
  readonly context: CaptureContext;
}

export interface SqlTable {
  readonly name: string;
  readonly doc: string;
  /** Columns as SQLite declares them. */
  readonly columns: readonly string[];
  readonly rows: (source: Source) => Iterable<readonly SqlValue[]>;
}

/** Waits from here on count, as with explain. */
const OVER = 100 * MS;
const MOST_FINDINGS = 50;

const wallOf = (capture: Capture, time: number | null): bigint | null => (time === null ? null : capture.epoch + BigInt(Math.round(time)));
const joined = (all: readonly string[]) => all.join(',');
const flag = (value: boolean) => (value ? 1 : 0);

function ends(owner: { readonly from: number; readonly to: number | null }): readonly SqlValue[] {
  return [Number.isFinite(owner.from) ? owner.from : null, owner.to];
}

export const SQL_TABLES: readonly SqlTable[] = [
  {
    name: 'meta',
    doc: 'what the capture says of itself',
    columns: ['key TEXT', 'value TEXT'],
    rows: ({ capture }) => Object.entries(capture.meta),
  },
  {
    name: 'threads',
    doc: 'threads, a row for each change',
    columns: [
      'id INTEGER PRIMARY KEY',
      'tid INTEGER',
      'vtid INTEGER',
      'comm TEXT',
      'process_id INTEGER',
      'from_time INTEGER',
      'to_time INTEGER',
    ],
    *rows({ capture }) {
      for (const row of capture.dims.threads.all()) yield [row.id, row.tid, row.vtid, row.comm, row.process, ...ends(row)];
    },
  },
  {
    name: 'processes',
    doc: 'processes, a row for each change (exec, user, cgroup …)',
    columns: [
      'id INTEGER PRIMARY KEY', 'pid INTEGER', 'ppid INTEGER', 'vpid INTEGER', 'uid INTEGER', 'gid INTEGER', 'comm TEXT', 'exe TEXT', 'args TEXT', 'cwd TEXT',
      'container TEXT', 'namespace TEXT', 'pod TEXT', 'netns INTEGER', 'started INTEGER', 'from_time INTEGER', 'to_time INTEGER',
    ], // biome-ignore format: a table
    *rows({ capture, context }) {
      const view = new EventView(context);
      for (const row of capture.dims.processes.all()) {
        const pod = view.kube.pod(row.container, row.from, view);
        const { id, pid, ppid, vpid, uid, gid, comm, exepath, exe, args, cwd, container, netns, started } = row;
        const where = [container.slice(0, 12), pod?.namespace ?? null, pod?.name ?? null];
        yield [id, pid, ppid, vpid, uid, gid, comm, exepath || exe, [exe, ...args].join(' '), cwd, ...where, netns, started, ...ends(row)];
      }
    },
  },
  {
    name: 'descriptors',
    doc: 'open files and sockets',
    columns: [
      'id INTEGER PRIMARY KEY', 'kind TEXT', 'role TEXT', 'proto TEXT', 'name TEXT', 'client_ip TEXT', 'client_port INTEGER', 'server_ip TEXT', 'server_port INTEGER',
      'ino INTEGER', 'netns INTEGER',
    ], // biome-ignore format: a table
    *rows({ capture }) {
      for (const row of capture.dims.fds.all()) {
        const { client, server } = endsOf(row);
        const addresses = [client?.ip ?? null, client?.port ?? null, server?.ip ?? null, server?.port ?? null];
        yield [row.id, row.kind, row.role, l4Name(row.l4proto), fdName(row), ...addresses, row.ino, row.netns];
      }
    },
  },
  {
    name: 'dns',
    doc: 'DNS messages, queries and answers',
    columns: [
      'num INTEGER', 'time INTEGER', 'pid INTEGER', 'comm TEXT', 'response INTEGER', 'qname TEXT', 'qtype TEXT', 'rcode TEXT', 'answers TEXT', 'latency INTEGER',
      'side TEXT', 'transport TEXT', 'attempt INTEGER',
    ], // biome-ignore format: a table
    *rows({ capture }) {
      const { dns, threads, processes } = capture.dims;
      for (const row of dns.all()) {
        const thread = threads.get(row.thread);
        const pid = processes.get(thread?.process ?? 0)?.pid ?? null;
        const answers = joined(row.answers.map(({ data }) => data));
        const said = [flag(row.response), row.qname, row.qtype, row.response ? row.rcode : null, answers, row.latency];
        yield [row.num, row.time, pid, thread?.comm ?? null, ...said, row.side, row.transport, row.attempt];
      }
    },
  },
  {
    name: 'lookups',
    doc: 'name lookups of clients: what one getaddrinfo did',
    columns: [
      'id INTEGER PRIMARY KEY',
      'name TEXT',
      'pid INTEGER',
      'comm TEXT',
      'start INTEGER',
      'duration INTEGER',
      'result TEXT',
      'addresses TEXT',
      'library TEXT',
      'attempts INTEGER',
      'queries INTEGER',
      'wasted INTEGER',
    ],
    *rows({ capture }) {
      for (const { id, name, pid, thread, start, end, result, addresses, library, attempts } of allLookups(capture)) {
        const queries = attempts.reduce((sum, one) => sum + one.queries.length, 0);
        const wasted = attempts.filter((one) => one.wasted).reduce((sum, one) => sum + one.end - one.start, 0);
        const comm = capture.dims.threads.get(thread)?.comm ?? null;
        yield [id, name, pid, comm, start, end - start, result, joined(addresses), library, attempts.length, queries, wasted];
      }
    },
  },
  {
    name: 'attempts',
    doc: 'names that lookups tried, one after the other',
    columns: [
      'lookup_id INTEGER',
      'nth INTEGER',
      'name TEXT',
      'suffix TEXT',
      'server TEXT',
      'result TEXT',
      'start INTEGER',
      'duration INTEGER',
      'wasted INTEGER',
    ],
    *rows({ capture }) {
      for (const lookup of allLookups(capture)) {
        let nth = 0;
        for (const { name, suffix, server, result, start, end, wasted } of lookup.attempts)
          yield [lookup.id, ++nth, name, suffix, server, result, start, end - start, flag(wasted)];
      }
    },
  },
  {
    name: 'requests',
    doc: 'HTTP requests whose heads were captured, by either side',
    columns: [
      'num INTEGER',
      'side TEXT',
      'pid INTEGER',
      'comm TEXT',
      'method TEXT',
      'host TEXT',
      'uri TEXT',
      'status INTEGER',
      'grpc_status INTEGER',
      'start INTEGER',
      'duration INTEGER',
      'connection TEXT',
    ],
    *rows({ capture, context }) {
      for (const span of spansOf({ capture, context, filter: '', over: Number.MAX_SAFE_INTEGER })) {
        if (span.kind !== 'request') continue;
        const { attributes: a, owner, num, side, start, end } = span;
        const head = [
          a['http.request.method'] ?? null,
          a['server.address'] ?? null,
          a['url.path'] ?? null,
          a['http.response.status_code'] ?? null,
          a['rpc.grpc.status_code'] ?? null,
        ];
        yield [num, side, owner.pid, owner.comm, ...head, start, end - start, a['trowel.fd.name'] ?? null];
      }
    },
  },
  {
    name: 'containers',
    doc: 'containers, a row for each version',
    columns: ['id TEXT', 'name TEXT', 'image TEXT', 'runtime TEXT', 'privileged INTEGER', 'from_time INTEGER', 'to_time INTEGER'],
    *rows({ capture }) {
      for (const row of capture.dims.containers.all())
        yield [row.container.slice(0, 12), row.name, row.image, row.runtime, flag(row.privileged), ...ends(row)];
    },
  },
  objects('pods', 'Pod', 'pods, a row for each version'),
  objects('services', 'Service', 'services, a row for each version'),
  {
    name: 'losses',
    doc: 'events that are missing',
    columns: ['reason TEXT', 'cpu INTEGER', 'family TEXT', 'count INTEGER', 'from_time INTEGER', 'to_time INTEGER'],
    *rows({ capture }) {
      for (const { reason, cpu, family, count, from, to } of capture.dims.losses.all()) yield [reason, cpu, family, count, from, to];
    },
  },
  {
    name: 'blind_spots',
    doc: 'what the capture cannot show',
    columns: ['id TEXT', 'what TEXT', 'reason TEXT', 'usual INTEGER'],
    *rows({ capture }) {
      for (const { id, what, reason, usual } of capture.blindSpots) yield [id, what, reason, flag(usual)];
    },
  },
  {
    name: 'findings',
    doc: 'what explain finds: causes of the costliest stories',
    columns: [
      'story INTEGER',
      'pid INTEGER',
      'comm TEXT',
      'pod TEXT',
      'start INTEGER',
      'duration INTEGER',
      'cause TEXT',
      'sentence TEXT',
      'cost INTEGER',
      'confidence REAL',
      'events TEXT',
    ],
    *rows({ capture }) {
      let story = 0;
      for (const { process, pod, start, end, causes, confidence } of list(capture, { over: OVER, pids: null }, MOST_FINDINGS)) {
        story++;
        let sure = confidence?.value ?? null;
        for (const cause of causes) {
          const told = [cause.id, sentenceOf(cause), cause.cost, sure, joined(cause.nums.map(String))];
          yield [story, process.pid, process.comm, pod, start, end - start, ...told];
          sure = null;
        }
      }
    },
  },
];

function objects(name: string, kind: 'Pod' | 'Service', doc: string): SqlTable {
  return {
    name,
    doc,
    columns: [
      'uid TEXT',
      'namespace TEXT',
      'name TEXT',
      'node TEXT',
      'ips TEXT',
      'ports TEXT',
      'labels TEXT',
      'from_wall INTEGER',
      'from_time INTEGER',
      'to_time INTEGER',
    ],
    *rows({ capture }) {
      for (const row of capture.dims.objects.all()) {
        if (row.kind !== kind) continue;
        const ports = joined(row.ports.map(({ port, protocol }) => `${port}/${protocol}`));
        const from = Number.isFinite(row.from) ? wallOf(capture, row.from) : null;
        yield [row.uid, row.namespace, row.name, row.node, joined(row.ips), ports, JSON.stringify(row.labels), from, ...ends(row)];
      }
    },
  };
}
