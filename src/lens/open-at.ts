/** What was open, and who ran, at a time: descriptors, sockets, containers and pods. */
import type { Capture } from '../capture/capture.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { fdName, isIpSocket, l4Name } from '../model/fd-name.ts';
import type { FdRow, ProcessRow } from '../model/rows.ts';
import { columnType } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import type { LensTable, LookAt } from './lens.ts';
import { pidsOf, processRows } from './processes.ts';
import { lensTable } from './table.ts';

/** A descriptor of a process that lived. */
interface Open {
  readonly pid: number;
  readonly comm: string;
  readonly num: number;
  readonly fd: FdRow;
  /** When it was last used before the time; null: it is first seen in use later, and was not opened since. */
  readonly used: number | null;
}

const WHO = [columnType('proc.name', 'text', ''), columnType('proc.pid', 'number', '')];
const USED = columnType('used', 'time', 'last before that time; none: it was in use later, without having been opened since', {
  nullable: true,
});
const FILES = [...WHO, columnType('fd.num', 'number', ''), columnType('fd.type', 'text', ''), columnType('fd.name', 'text', ''), USED];
const SOCKETS = [columnType('fd.l4proto', 'text', ''), columnType('fd.name', 'text', ''), columnType('fd.role', 'text', ''), ...WHO, USED];

/** Descriptors that were open, as far as they were used. */
export const openFilesAt: LookAt = (capture, filter, _, at) =>
  lensTable(
    capture,
    FILES,
    () => openAt(capture, filter, at).map(({ comm, pid, num, fd, used }): Row => [comm, pid, num, fd.kind, fdName(fd), used]),
    ([, pid, num]) => `proc.pid=${String(pid)} and fd.num=${String(num)}`,
  );

/** The same, of IP sockets. */
export const socketsAt: LookAt = (capture, filter, _, at) =>
  lensTable(
    capture,
    SOCKETS,
    () =>
      openAt(capture, filter, at)
        .filter(({ fd }) => isIpSocket(fd))
        .map(({ comm, pid, fd, used }): Row => [l4Name(fd.l4proto) ?? '', fdName(fd), fd.role === 'none' ? '' : fd.role, comm, pid, used]),
    (row) => `proc.pid=${String(row[4])}`,
  );

/** By process and number. */
function openAt(capture: Capture, filter: CompiledFilter, at: number): Open[] {
  const living = new Map(processRows(capture, null, at).map((row) => [row.pid, row]));
  const open = new Map<string, Open | null>();
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      const { fd, process, time } = view;
      const num = view.columnValue('fdnum');
      if (fd === null || process === null || num === null || !living.has(process.pid)) continue;
      const key = `${process.pid} ${num}`;
      if (time > at) {
        if (!open.has(key)) open.set(key, view.type.makesFd ? null : { pid: process.pid, comm: process.comm, num, fd, used: null });
      } else
        open.set(
          key,
          view.type.name === 'close' && view.res !== null && view.res >= 0
            ? null
            : { pid: process.pid, comm: process.comm, num, fd, used: time },
        );
    }
  }
  return [...open.values()].filter((one) => one !== null).sort((a, b) => a.pid - b.pid || a.num - b.num);
}

const RUNS = [columnType('processes', 'count', 'that lived then')];
const ID_SHOWN = 12;

/** Containers with processes. */
export const containersAt: LookAt = (capture, filter, _, at) => {
  const columns = [
    columnType('container.name', 'text', ''),
    columnType('container.id', 'text', ''),
    columnType('container.image', 'text', ''),
    ...RUNS,
  ];
  const rows = () => {
    const byId = Map.groupBy(livingIn(capture, filter, at), ({ container }) => container);
    return [...byId].map(([id, all]): Row => {
      const row = filter.view.kube.container(id, at, filter.view);
      return [row?.name ?? '', id.slice(0, ID_SHOWN), row?.image ?? '', all.length];
    });
  };
  return lensTable(capture, columns, rows, ([, id]) => `container.id=${String(id)}`);
};

/** Pods with processes. */
export const podsAt: LookAt = (capture, filter, _, at): LensTable => {
  const columns = [columnType('k8s.ns.name', 'text', ''), columnType('k8s.pod.name', 'text', ''), ...RUNS];
  const rows = () => {
    const named = livingIn(capture, filter, at).flatMap(({ container }) => filter.view.kube.pod(container, at, filter.view) ?? []);
    const byUid = Map.groupBy(named, ({ uid }) => uid);
    return [...byUid.values()].map((all): Row => [all[0]!.namespace, all[0]!.name, all.length]);
  };
  return lensTable(capture, columns, rows, ([ns, name]) => `k8s.ns.name=${String(ns)} and k8s.pod.name=${String(name)}`);
};

function livingIn(capture: Capture, filter: CompiledFilter, at: number): ProcessRow[] {
  const wanted = filter.step === null ? null : pidsOf(capture, filter);
  return processRows(capture, null, at).filter(({ container, pid }) => container !== '' && (wanted === null || wanted.has(pid)));
}
