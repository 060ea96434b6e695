/** What went through a descriptor, in both directions, in the order of time: as text, with dots, or in hexadecimal. */
import { EventView } from '../../event/view.ts';
import { compileFilter } from '../../filter/compile.ts';
import { written } from '../../filter/literal.ts';
import { fdName } from '../../model/fd-name.ts';
import { asciiText, hexDump } from '../../output/printable.ts';
import { type ScreenRow, type ScreenSpec, type StreamForm, screenColumn } from './screen.ts';

export const STREAM_FILTER = 'evt.is_io=true and evt.failed=false';
const MOST_LINES = 5000;
/** Bytes of one operation that are shown: what a probe keeps at most. */
const MOST_BYTES = 16_384;

export const STREAM: ScreenSpec = {
  id: 'stream',
  aliases: ['echo-fds', 'follow'],
  sentence: 'what was written and read, in both directions, as it went by',
  filter: STREAM_FILTER,
  enter: 'event',
  keys: [
    { keys: ['x'], help: 'as text, with dots for what is not printable, or as hex', bar: 'form', does: 'form' },
    { keys: ['S'], help: 'save the bytes to a file', bar: 'save', does: 'save' },
  ],
  read: ({ capture, context, filter, form = 'text' }) => {
    const whole = filter === '' ? STREAM_FILTER : `${STREAM_FILTER} and (${filter})`;
    const rows: ScreenRow[] = [];
    const names = new Set<string>();
    let more = false;
    for (const piece of pieces(new EventView(context), capture.select(compileFilter(whole, context)))) {
      more = rows.length >= MOST_LINES;
      if (more) break;
      names.add(piece.name);
      rows.push(...linesOf(piece, form));
    }
    const one = names.size === 1 ? `${[...names][0]}, as ${form}` : `${names.size} descriptors, as ${form}`;
    return {
      head: [rows.length === 0 ? 'no payload was recorded here' : one, ...(more ? [`the first ${MOST_LINES} lines of more`] : [])],
      columns: [
        screenColumn('dir', 'text', null, '→ what was written, or sent by the client; ← what was read, or sent by the server'),
        screenColumn('time', 'time', 'evt.reltime', 'since the capture’s start'),
        screenColumn('bytes', 'bytes', null, 'how many moved; fewer may have been kept'),
        screenColumn('process', 'text', 'proc.name', 'who did it'),
        ...(names.size > 1 ? [screenColumn('descriptor', 'text', 'fd.name', 'where it went')] : []),
        screenColumn('payload', 'text', null, 'its bytes'),
      ],
      rows: names.size > 1 ? rows : rows.map((row) => ({ ...row, cells: row.cells.filter((_, c) => c !== 4) })),
    };
  },
};

interface Piece {
  readonly num: number;
  readonly time: number;
  readonly outward: boolean;
  readonly bytes: number;
  readonly process: string;
  readonly name: string;
  readonly payload: Uint8Array;
}

type Matches = Iterable<{ readonly chunk: EventView['chunk'] & object; readonly selection: Uint16Array; readonly n: number }>;

/** Operations that moved bytes; of a connection whose both ends were recorded, those of the end that is met first. */
export function* pieces(view: EventView, matches: Matches): Generator<Piece> {
  const roles = new Map<string, string>();
  for (const { chunk, selection, n } of matches) {
    for (let k = 0; k < n; k++) {
      const { fd, type, payload, thread, time } = view.at(chunk, selection[k]!);
      if (payload.length === 0) continue;
      const name = fd === null ? '' : fdName(fd);
      const role = fd?.role ?? 'none';
      if (!roles.has(name)) roles.set(name, role);
      if (roles.get(name) !== role) continue;
      yield {
        num: view.columnValue('num') ?? 0,
        time,
        outward: (type.io === 'write') !== (role === 'server'),
        bytes: view.res ?? payload.length,
        process: thread?.comm ?? '',
        name,
        payload: payload.subarray(0, MOST_BYTES),
      };
    }
  }
}

function linesOf(piece: Piece, form: StreamForm): ScreenRow[] {
  const { num, time, outward, bytes, process, name } = piece;
  const drill = name === '' ? null : `fd.name=${written(name)}`;
  return textLines(piece.payload, form).map((text, line) => ({
    cells: line === 0 ? [outward ? '→' : '←', time, bytes, process, name, text] : [outward ? '→' : '←', null, null, null, null, text],
    num,
    drill,
  }));
}

function textLines(payload: Uint8Array, form: StreamForm): string[] {
  if (form === 'hex') return hexDump(payload, true);
  if (form === 'dotted') return [asciiText(payload).replaceAll('\n', '.')];
  return asciiText(payload).replace(/\n$/, '').split('\n');
}
