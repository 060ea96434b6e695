/** Screens that group events and measure each group, a row each. */
import { compileFilter } from '../../filter/compile.ts';
import { rank } from '../../lens/rank.ts';
import type { ScreenKey, ScreenSpec } from './screen.ts';
import { MOST_ROWS, tableOf } from './tables.ts';

type Ranking = Omit<ScreenSpec, 'read' | 'keys'> & {
  readonly by: readonly string[];
  readonly measures: readonly string[];
  readonly keys?: readonly ScreenKey[];
};

const NETWORK: ScreenKey = { keys: ['c'], help: 'its connections', bar: 'connections', does: { to: 'connections' } };
export const ERRORS: ScreenKey = { keys: ['x'], help: 'its failed calls', bar: 'errors', does: { to: 'errors' } };
const THREADS: ScreenKey = { keys: ['H'], help: 'its threads', bar: 'threads', does: { to: 'threads' } };
const LOOKUPS: ScreenKey = { keys: ['D'], help: 'its name lookups', bar: 'lookups', does: { to: 'dns' } };
export const ABOUT_PLACE: readonly ScreenKey[] = [ERRORS, NETWORK, THREADS, LOOKUPS];
export const USED = ['count', 'time', 'bytes.in', 'bytes.out', 'errors'] as const;

// biome-ignore format: a table
const ROWS: readonly Ranking[] = [
  { id: 'pods', aliases: ['pod', 'po'], sentence: 'which pods were busy, and with how much', filter: 'k8s.pod.name exists', by: ['k8s.ns.name', 'k8s.pod.name'], measures: [...USED, 'distinct(proc.pid)'], enter: { to: 'processes' }, keys: ABOUT_PLACE },
  { id: 'namespaces', aliases: ['namespace', 'ns'], sentence: 'which namespaces were busy', filter: 'k8s.ns.name exists', by: ['k8s.ns.name'], measures: [...USED, 'distinct(k8s.pod.name)'], enter: { to: 'pods' }, keys: ABOUT_PLACE },
  { id: 'workloads', aliases: ['workload', 'deploy', 'deployments'], sentence: 'which deployments, daemon sets and jobs were busy', filter: 'k8s.workload.name exists', by: ['k8s.ns.name', 'k8s.workload.kind', 'k8s.workload.name'], measures: [...USED, 'distinct(k8s.pod.name)'], enter: { to: 'pods' }, keys: ABOUT_PLACE },
  { id: 'nodes', aliases: ['node', 'no'], sentence: 'which nodes the events come from', filter: 'k8s.node.name exists', by: ['k8s.node.name'], measures: [...USED, 'distinct(k8s.pod.name)'], enter: { to: 'pods' }, keys: ABOUT_PLACE },
  { id: 'threads', aliases: ['thread'], sentence: 'which threads spent time in calls', filter: '', by: ['proc.name', 'proc.pid', 'thread.tid'], measures: ['time', 'count', 'max', 'errors'], enter: { to: 'descriptors' }, keys: [ERRORS] },
  { id: 'descriptors', aliases: ['fds', 'fd'], sentence: 'which files, sockets and pipes took time, and how much went through them', filter: 'fd.name exists', by: ['fd.type', 'fd.name'], measures: ['time', 'bytes.in', 'bytes.out', 'count', 'errors'], enter: { to: 'stream' }, keys: [ERRORS] },
  { id: 'users', aliases: ['user'], sentence: 'which users the processes ran as', filter: '', by: ['user.uid', 'user.name'], measures: [...USED, 'distinct(proc.pid)'], enter: { to: 'processes' }, keys: [ERRORS] },
  { id: 'failures', aliases: ['errnos'], sentence: 'what failed, how often, and to whom', filter: 'evt.failed=true and not evt.res in (EAGAIN, EINPROGRESS, EINTR)', by: ['evt.res', 'evt.type', 'proc.name'], measures: ['count', 'first', 'last'], enter: 'events' },
  { id: 'cpus', aliases: ['cpu'], sentence: 'how events were spread over CPUs', filter: '', by: ['evt.cpu'], measures: ['count', 'time', 'errors', 'distinct(proc.pid)'], enter: 'events' },
  { id: 'callers', aliases: ['call-by'], sentence: 'who made which calls, and what they cost', filter: '', by: ['proc.name', 'evt.type'], measures: ['time', 'count', 'avg', 'p95', 'max', 'errors'], enter: 'events' },
  { id: 'fd-types', aliases: ['io'], sentence: 'what kinds of descriptors time and bytes went to', filter: 'fd.type exists', by: ['fd.type'], measures: ['time', 'bytes.in', 'bytes.out', 'count', 'errors'], enter: { to: 'descriptors' } },
];

/** Events by any field: what : and a field's name open. */
export const BY_FIELD: ScreenSpec = {
  id: 'by',
  aliases: [],
  sentence: 'events by a field: : and its name',
  filter: '',
  enter: 'events',
  read: ({ capture, context, filter, field = 'proc.name' }) =>
    tableOf(rank(capture, compileFilter(filter, context), [field], [...USED], MOST_ROWS)),
};

export const RANKING_SCREENS: readonly ScreenSpec[] = ROWS.map(({ by, measures, ...spec }) => ({
  ...spec,
  read: ({ capture, context, filter }) => {
    const whole = spec.filter === '' || filter === '' ? spec.filter + filter : `(${spec.filter}) and (${filter})`;
    return tableOf(rank(capture, compileFilter(whole, context), by, measures, MOST_ROWS));
  },
}));
