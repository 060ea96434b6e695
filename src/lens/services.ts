/** Connections to services, each from both sides: who connected, where the service's address led, and who took it there. */

import type { Capture } from '../capture/capture.ts';
import { type BoundField, readField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { startTime } from '../model/chunk.ts';
import { type End, endsOf, endText } from '../model/fd-name.ts';
import type { FdRow } from '../model/rows.ts';
import { columnType, fieldColumn, rowColumns } from '../report/column.ts';
import type { Cell, Row } from '../report/report.ts';
import type { LensTable } from './lens.ts';

const FIELDS = ['evt.num', 'evt.time', 'k8s.src.ns', 'k8s.src.pod', 'evt.hostname', 'fd.name', 'k8s.dst.svc'] as const;
const SERVER_COLUMNS = [
  columnType('endpoint', 'text', 'the end that was chosen'),
  columnType('endpoint.pod', 'text', 'its pod'),
  columnType('endpoint.node', 'text', 'that pod’s node'),
  columnType('accept.num', 'num', 'the event in which a process there took the connection', { nullable: true }),
  columnType('accept.by', 'text', 'that process', { nullable: true }),
  columnType('accept.after', 'ns', 'how long after it was asked for', { nullable: true }),
];
/** Connections to services. */
export const SERVICE_CONNECTS = 'evt.type=connect and k8s.dst.svc exists and fd.l4proto=tcp';
const ACCEPTS = 'evt.type in (accept, accept4) and evt.failed=false and fd.role=server';

interface Connection {
  readonly cells: readonly Cell[];
  /** When it was asked for. */
  readonly time: number;
  /** The client's end; its server's row where that is translated on the way. */
  readonly key: string;
  readonly endpoint: End | null;
  readonly pod: string;
  readonly node: string;
}

interface Accept {
  readonly num: number;
  readonly by: string;
  readonly end: number;
  readonly client: string;
  readonly row: string;
}

export const services = (capture: Capture, filter: CompiledFilter): LensTable => ({
  kind: 'table',
  id: 'lens',
  columns: rowColumns([...FIELDS.map((name) => fieldColumn(fieldNamed(name))), ...SERVER_COLUMNS]),
  items: rowsOf(capture, filter),
  epoch: capture.epoch,
  drill: ([num]) => `evt.num=${String(num)}`,
});

function rowsOf(capture: Capture, filter: CompiledFilter): Row[] {
  const connections = connectionsOf(capture, filter);
  const accepts = acceptsOf(capture, filter, connections);
  return connections.map((connection) => {
    const { cells, time, endpoint, pod, node } = connection;
    const accept = accepts.get(connection);
    const taken = accept === undefined ? [null, null, null] : [accept.num, accept.by, accept.end - time];
    return [...cells, endpoint === null ? '' : endText(endpoint), pod, node, ...taken];
  });
}

function connectionsOf(capture: Capture, filter: CompiledFilter): Connection[] {
  const fields = FIELDS.map(fieldNamed);
  const found: Connection[] = [];
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) found.push(connectionOf(filter.view.at(chunk, selection[k]!), fields));
  }
  return found;
}

function connectionOf(view: EventView, fields: readonly BoundField[]): Connection {
  const cells = fields.map((field) => readField(field, view));
  const { kube } = view;
  const time = startTime(view.chunk!, view.i);
  const fd = view.fd!;
  const server = view.serverOf(fd);
  const asked = endsOf(fd).server;
  // Without the server's side only an address that is a pod's own tells where it led.
  const endpoint =
    server !== null ? endsOf(server).server : asked !== null && kube.atAddress(asked.ip, 'Pod', time, view) !== null ? asked : null;
  const pod = endpoint === null ? null : kube.atAddress(endpoint.ip, 'Pod', time, view);
  const isTranslated = server !== null && view.capture.ends?.has(fd.id) === true;
  const key = isTranslated ? rowKey(server) : clientText(fd);
  return { cells, time, key, endpoint, pod: pod?.name ?? '', node: pod?.node ?? '' };
}

/** Who took the connections, where that was recorded: of those with the same client's end, the last that had been asked for by then. */
function acceptsOf(capture: Capture, { view }: CompiledFilter, connections: readonly Connection[]): Map<Connection, Accept> {
  const asked = Map.groupBy(connections, ({ key }) => key);
  const filter = compileFilter(ACCEPTS, view.capture);
  const found = new Map<Connection, Accept>();
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const accept = acceptOf(filter.view.at(chunk, selection[k]!));
      const candidates = asked.get(accept.row) ?? asked.get(accept.client);
      const connection = candidates?.findLast(({ time }) => time <= accept.end);
      if (connection !== undefined && !found.has(connection)) found.set(connection, accept);
    }
  }
  return found;
}

function acceptOf({ chunk, i, process, fd }: EventView): Accept {
  const by = process === null ? '' : `${process.comm} (${process.pid})`;
  return { num: chunk!.num[i]!, by, end: chunk!.time[i]!, client: clientText(fd!), row: rowKey(fd!) };
}

const rowKey = ({ id }: FdRow): string => `#${id}`;

/** Behind a service's address, only the client's own end is the same on both sides. */
function clientText(fd: FdRow): string {
  const { client } = endsOf(fd);
  return client === null ? '' : endText(client);
}
