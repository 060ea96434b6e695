/** Requests to memcached, as its text protocol says them (memcached's doc/protocol.txt). */
import type { Capture } from '../capture/capture.ts';
import type { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { fdName } from '../model/fd-name.ts';
import { columnType } from '../report/column.ts';
import type { Row } from '../report/report.ts';
import type { LensTable } from './lens.ts';
import { lensTable } from './table.ts';

/** Both sides: who has the port open, or is the server itself. */
export const MEMCACHE_EVENTS = '(fd.sport=11211 or proc.name=memcached) and evt.is_io=true and fd.type in (ipv4, ipv6, unix)';

/** A filter: payloads that begin with such a command. */
export const ofCommand = (command: 'get' | 'set'): string => `evt.buffer startswith '${command} '`;

const COLUMNS = [
  columnType('evt.num', 'num', 'the event with the request'),
  columnType('evt.time', 'time', 'when it was sent, or read'),
  columnType('side', 'text', 'client or server'),
  columnType('proc.name', 'text', ''),
  columnType('proc.pid', 'number', ''),
  columnType('command', 'text', 'get, set, delete …'),
  columnType('key', 'text', 'the first, where there are several'),
  columnType('size', 'bytes', 'bytes that are stored', { nullable: true }),
  columnType('fd.name', 'text', ''),
];

export const memcacheLog = (capture: Capture, filter: CompiledFilter): LensTable =>
  lensTable(
    capture,
    COLUMNS,
    () => requests(capture, filter),
    ([num]) => `evt.num=${String(num)}`,
  );

function* requests(capture: Capture, filter: CompiledFilter): Generator<Row> {
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      for (const one of requestsIn(view.payload)) yield rowOf(view, one);
    }
  }
}

/** Storing commands have flags, an expiry and a size behind the key; keys are of 250 bytes at most. */
const STORES = /^(set|add|replace|append|prepend|cas) (\S{1,250}) \d+ -?\d+ (\d{1,10})(?: |$)/;
const OTHERS = /^(get|gets|gat|gats|mg|ms|md|ma|delete|incr|decr|touch) (?:-?\d+ )?(\S{1,250})(?: |$)/;
/** Lines are shorter; what is stored may be as long as it likes. */
const LONGEST = 8192;

interface Request {
  readonly command: string;
  readonly key: string;
  readonly size: number | null;
}

/** Those whose line begins a payload, and those behind it, as far as it was kept. */
function requestsIn(payload: Uint8Array): readonly Request[] {
  const text = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, LONGEST)).toString('latin1');
  const found: Request[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    const request = requestOf(text.slice(at, end < 0 ? text.length : end));
    if (request === null || (end < 0 && found.length > 0)) break;
    found.push(request);
    at = end < 0 ? text.length : end + 2 + (request.size === null ? 0 : request.size + 2);
  }
  return found;
}

function requestOf(line: string): Request | null {
  const stores = STORES.exec(line);
  if (stores !== null) return { command: stores[1]!, key: stores[2]!, size: Number(stores[3]) };
  const other = OTHERS.exec(line);
  return other === null ? null : { command: other[1]!, key: other[2]!, size: null };
}

function rowOf(view: EventView, { command, key, size }: Request): Row {
  const side = view.type.io === 'write' ? 'client' : 'server';
  const { thread, process, fd } = view;
  const who = [side, thread?.comm ?? '', process?.pid ?? 0];
  return [view.columnValue('num') ?? 0, view.time, ...who, command, key, size, fd === null ? '' : fdName(fd)];
}
