/**
 * The dimensions: one row each says how its rows lie in a file. DDL, insert and select (src/store/tables.ts) and the tables in memory follow
 * from it; what a row is, rows.ts says.
 */
import type { RowName, RowTypes } from './rows.ts';

/** `shared`: JSON that many rows have in common, so it lies in the table `text` once; the column has its id there. */
export type Kind = 'integer' | 'text' | 'json' | 'boolean' | 'shared';

export interface TableSpec<Row> {
  readonly name: string;
  /** Its rows lie in blocks (src/store/blocks.ts): all columns are integers, and rows once written do not change. */
  readonly packed: boolean;
  readonly columns: readonly { readonly field: keyof Row & string; readonly kind: Kind }[];
}

type Columns<Row> = Readonly<Record<Exclude<Kind, 'shared'>, Fields<Row>> & { shared?: Fields<Row>; packed?: boolean }>;
type Fields<Row> = readonly (keyof Row & string)[];

function table<Row>(name: string, columns: Columns<Row>): TableSpec<Row> {
  const kinds: Kind[] = ['integer', 'text', 'json', 'boolean', 'shared'];
  return {
    name,
    packed: columns.packed === true,
    columns: kinds.flatMap((kind) => (columns[kind] ?? []).map((field) => ({ field, kind }))),
  };
}

export const DIMENSIONS: { readonly [Name in RowName]: TableSpec<RowTypes[Name]> } = {
  types: table<RowTypes['types']>('event_type', {
    integer: ['id'],
    text: ['name', 'category', 'family', 'io'],
    boolean: ['wait', 'makesFd', 'usesFd', 'syscall'],
    json: ['args'],
  }),
  processes: table<RowTypes['processes']>('process', {
    integer: [
      'id', 'pid', 'ppid', 'vpid', 'sid', 'pgid', 'uid', 'gid', 'loginuid', 'cgroupId', 'netns', 'pidns', 'mntns', 'tty',
      'started', 'flags', 'from', 'to',
    ], // biome-ignore format: one list
    text: ['comm', 'exe', 'exepath', 'cwd', 'root', 'container'],
    json: [],
    boolean: [],
    shared: ['args', 'env', 'cgroups'],
  }),
  threads: table<RowTypes['threads']>('thread', {
    integer: ['id', 'tid', 'vtid', 'process', 'from', 'to'],
    text: ['comm'],
    json: [],
    boolean: [],
  }),
  fds: table<RowTypes['fds']>('fd', {
    integer: ['id', 'l4proto', 'localPort', 'remotePort', 'ino', 'dev', 'netns', 'openFlags'],
    text: ['kind', 'role', 'localIp', 'remoteIp', 'name'],
    json: [],
    boolean: [],
  }),
  users: table<RowTypes['users']>('user', { integer: ['id', 'uid', 'gid'], text: ['name', 'home', 'shell'], json: [], boolean: [] }),
  groups: table<RowTypes['groups']>('group', { integer: ['id', 'gid'], text: ['name'], json: [], boolean: [] }),
  dns: table<RowTypes['dns']>('dns', {
    integer: ['id', 'num', 'time', 'start', 'thread', 'fd', 'messageId', 'partner', 'latency', 'attempt'],
    text: ['call', 'transport', 'protocol', 'side', 'server', 'qname', 'qtype', 'qclass', 'rcode'],
    json: ['answers', 'flags'],
    boolean: ['response', 'cut'],
  }),
  dnsSockets: table<RowTypes['dnsSockets']>('dns_socket', {
    integer: ['id', 'fd', 'thread', 'num', 'time'],
    text: [],
    json: [],
    boolean: [],
  }),
  resolvers: table<RowTypes['resolvers']>('resolver', {
    integer: ['id', 'num', 'time', 'thread'],
    text: ['text'],
    json: [],
    boolean: [],
  }),
  counters: table<RowTypes['counters']>('counter', {
    integer: ['id', 'cpu', 'seen', 'filtered', 'emitted', 'lost', 'faults'],
    text: ['family'],
    json: [],
    boolean: [],
  }),
  threadStats: table<RowTypes['threadStats']>('thread_stat', {
    integer: ['id', 'tid', 'vmsize', 'vmrss', 'vmswap', 'children', 'from', 'to'],
    text: [],
    json: [],
    boolean: [],
    packed: true,
  }),
  containers: table<RowTypes['containers']>('container', {
    integer: ['id', 'from', 'to'],
    text: ['container', 'runtime', 'name', 'image', 'imageId', 'ip', 'source'],
    json: ['labels', 'mounts'],
    boolean: ['privileged'],
  }),
  objects: table<RowTypes['objects']>('kube_object', {
    integer: ['id', 'from', 'to'],
    text: ['kind', 'uid', 'namespace', 'name', 'node', 'source'],
    json: ['labels', 'annotations', 'selector', 'expressions', 'ips', 'ports', 'owners', 'containers', 'status'],
    boolean: [],
  }),
  kubeEvents: table<RowTypes['kubeEvents']>('kube_event', {
    integer: ['id', 'count', 'first', 'last'],
    text: ['uid', 'namespace', 'kind', 'name', 'object', 'type', 'reason', 'message'],
    json: [],
    boolean: [],
  }),
  nodeFacts: table<RowTypes['nodeFacts']>('node_fact', {
    integer: ['id', 'netns', 'from', 'to'],
    text: ['kind', 'key'],
    json: ['value'],
    boolean: [],
  }),
  losses: table<RowTypes['losses']>('loss', {
    integer: ['id', 'cpu', 'count', 'from', 'to'],
    text: ['reason', 'family'],
    json: [],
    boolean: [],
  }),
};

export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as readonly RowName[];
