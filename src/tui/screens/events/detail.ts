/** One event in full, for the pane beside the list. */
import { argAt } from '../../../event/args-text.ts';
import type { EventView } from '../../../event/view.ts';
import { fieldNamed } from '../../../filter/find-field.ts';
import { EventFlag, startTime } from '../../../model/chunk.ts';
import type { DnsRow } from '../../../model/dns.ts';
import { errnoName } from '../../../model/errno.ts';
import { fdName, isIpSocket, l4Name } from '../../../model/fd-name.ts';
import { clockText, secondsText, spanText } from '../../../model/time.ts';
import { asciiText, hexDump } from '../../../output/printable.ts';
import { dnsText, valueText } from '../../../output/summary.ts';
import { fieldText } from '../../../output/value.ts';
import { type Clause, timeLiteral } from '../../data/clause.ts';
import type { Paint, Style } from '../../kit/paint.ts';
import { fitted, harmless, widthOf, wrap } from '../../kit/text.ts';
import { rowOf } from './rows.ts';

/** A heading and what stands beside it, harmless. */
export interface DetailItem {
  readonly label: string;
  readonly text: string;
  /** The check that keeps events like this one in it; null: it is no field. */
  readonly clause: Clause | null;
}

export interface Detail {
  readonly num: number;
  readonly items: readonly DetailItem[];
  readonly payload: Uint8Array;
  /** Of how many bytes that moved; null: not a call that moves bytes. */
  readonly moved: number | null;
}

const LABEL_WIDTH = 9;
/** Cells of a hex dump of 16 bytes a row with its text beside it, and without; below, a row has 8 bytes. */
const HEX_WIDTH = 73;
const BARE_HEX_WIDTH = 56;
const FLAG_WORDS: readonly (readonly [number, string])[] = [
  [EventFlag.PENDING, 'it had begun and not returned'],
  [EventFlag.ONE_SIDED, 'said by the kernel: no beginning and no end'],
  [EventFlag.MESSAGE, 'one message of several in the call'],
  [EventFlag.FAULT, 'its memory was not readable: bytes or an argument are missing'],
  [EventFlag.ARGS_CUT, 'an argument was cut'],
  [EventFlag.COMPAT, 'a 32-bit call'],
  [EventFlag.IO_URING, 'through io_uring: its time is from submission to completion'],
];

/** Reads the event that the view stands on. */
export function detailOf(view: EventView): Detail {
  const items = [
    item('when', whenText(view), { field: 'evt.reltime', operator: '>=', value: timeLiteral(view.time) }),
    item('who', whoText(view), clauseOf('proc.name', view)),
    item('command', commandText(view), clauseOf('proc.cmdline', view)),
    item('what', whatText(view), clauseOf('evt.type', view)),
    item('fd', fdText(view), clauseOf('fd.name', view)),
    ...argItems(view),
    ...(view.dns === null ? [] : dnsItems(view.dns, view)),
    item('note', noteText(view)),
  ];
  return {
    num: view.columnValue('num') ?? 0,
    items: items.filter(({ text }) => text !== ''),
    payload: view.payload.slice(),
    moved: view.type.io === null || view.res === null || view.res < 0 ? null : view.res,
  };
}

/** The pane's lines, each at most `width` cells. `focused`: the item that keys like = are about; null: none. */
export function detailLines(
  detail: Detail,
  form: 'hex' | 'text',
  width: number,
  paint: Paint = (_style, text) => text,
  focused: DetailItem | null = null,
): string[] {
  const items = [...detail.items, ...dataItems(detail, form)];
  return [
    ...items.flatMap((one) => itemLines(one, width, paint, one === focused ? 'inverse' : 'name')),
    ...payloadLines(detail.payload, form, width),
  ];
}

/** The items that a filter can be made of. */
export function fieldItems({ items }: Detail): readonly DetailItem[] {
  return items.filter(({ clause }) => clause !== null);
}

/** Which of them is focused: there may be fewer than before. */
export function focusedItem(detail: Detail, index: number): DetailItem | null {
  const items = fieldItems(detail);
  return items[Math.min(index, items.length - 1)] ?? null;
}

/** The line on which an item begins. */
export function lineOfItem(detail: Detail, wanted: DetailItem, width: number): number {
  const before = detail.items.slice(0, detail.items.indexOf(wanted));
  return before.reduce((lines, one) => lines + itemLines(one, width, (_style, text) => text, 'name').length, 0);
}

function clauseOf(field: string, view: EventView): Clause | null {
  const value = fieldText(fieldNamed(field), view);
  return value === '' || value === '<NA>' ? null : { field, operator: '=', value };
}

function dataItems({ payload, moved }: Detail, form: 'hex' | 'text'): DetailItem[] {
  if (payload.length === 0) return moved === null ? [] : [item('data', `${moved} bytes, none kept`)];
  const count = moved === null || moved === payload.length ? `${payload.length} bytes` : `${payload.length} of ${moved} bytes were kept`;
  return [item('data', `${count}   (x: as ${form === 'hex' ? 'text' : 'hex'})`)];
}

function payloadLines(payload: Uint8Array, form: 'hex' | 'text', width: number): string[] {
  const indent = '  ';
  if (payload.length === 0) return [];
  const lines =
    form === 'hex'
      ? hexDump(payload, width >= HEX_WIDTH, width >= BARE_HEX_WIDTH ? 16 : 8)
      : asciiText(payload)
          .split('\n')
          .flatMap((line) => wrap(line, width - indent.length));
  return lines.map((line) => indent + line);
}

function item(label: string, text: string, clause: Clause | null = null): DetailItem {
  return { label, text: harmless(text), clause };
}

function itemLines({ label, text }: DetailItem, width: number, paint: Paint, style: Style): string[] {
  const start = Math.max(LABEL_WIDTH, widthOf(label) + 1);
  return wrap(text, Math.max(10, width - start)).map(
    (line, i) => paint(i === 0 ? style : 'name', fitted(i === 0 ? label : '', start)) + line,
  );
}

function whenText(view: EventView): string {
  const { chunk, i, time, capture } = view;
  const began = chunk === null ? time : startTime(chunk, i);
  const latency = view.columnValue('latency');
  const took = latency === null ? '' : `, began +${secondsText(began)}, took ${spanText(latency)}`;
  return `${clockText(capture.epoch, time, true)}  +${secondsText(time)}${took}`;
}

function whoText(view: EventView): string {
  const { thread, process, capture } = view;
  if (thread === null) return 'not known';
  const place = rowOf(view).place;
  const parent = process === null || process.ppid <= 0 ? null : view.processAt(process.ppid);
  return [
    `${thread.comm} pid ${process?.pid ?? '?'}`,
    thread.tid === process?.pid ? '' : `thread ${thread.tid}`,
    process === null || process.vpid === process.pid || process.vpid < 0 ? '' : `pid ${process.vpid} inside`,
    process === null ? '' : `user ${view.userOf(process.uid)?.name ?? process.uid}`,
    parent === null ? '' : `child of ${parent.comm} ${parent.pid}`,
    place === null ? '' : `▸ ${place.field} ${place.value}`,
    capture.hostname === '' ? '' : `▸ ${capture.hostname}`,
  ]
    .filter((text) => text !== '')
    .join('  ');
}

function commandText({ process }: EventView): string {
  if (process === null) return '';
  const line = [process.exe, ...process.args].join(' ').trim();
  return process.cwd === '' ? line : `${line}   (in ${process.cwd})`;
}

function whatText(view: EventView): string {
  const { type, res } = view;
  const outcome = res === null ? '' : res < 0 ? `failed: ${errnoName(-res)} (${res})` : `returned ${res}`;
  return [type.name, type.category, outcome, `cpu ${view.columnValue('cpu')}`].filter((text) => text !== '').join('  ');
}

function fdText(view: EventView): string {
  const { fd } = view;
  const num = view.columnValue('fdnum');
  if (fd === null) return num === null ? '' : String(num);
  const inode = fd.ino === 0 ? '' : `inode ${fd.ino}`;
  const socket = isIpSocket(fd) ? [l4Name(fd.l4proto) ?? '', fd.role === 'none' ? '' : fd.role] : [];
  return [num === null ? '' : String(num), fd.kind, fdName(fd).replace('->', ' → '), ...socket, inode]
    .filter((text) => text !== '')
    .join('  ');
}

function argItems(view: EventView): DetailItem[] {
  return view.type.args
    .filter(({ column }) => column === null)
    .flatMap((type) => {
      const found = argAt(view, type.name);
      return found === null ? [] : [item(type.name, valueText(view, type, found.value), clauseOf(`evt.arg.${type.name}`, view))];
    });
}

function dnsItems(dns: DnsRow, view: EventView): DetailItem[] {
  const partner =
    dns.partner === null
      ? dns.response
        ? 'its query was not seen'
        : 'no answer was seen'
      : `${dns.response ? 'query' : 'answer'}: event ${dns.partner}`;
  const took = dns.latency === null ? '' : `  after ${spanText(dns.latency)}`;
  return [
    item(
      'dns',
      `${dnsText({ ...dns, latency: null })}  id ${dns.messageId}  ${dns.flags.join(' ')}${dns.cut ? '  (cut)' : ''}`,
      clauseOf('dns.qname', view),
    ),
    item('', `${dns.side} of ${dns.server} by ${dns.transport}  ${partner}${took}`),
    ...dns.answers.map(({ name, type, ttl, data }) => item('', `${name} ${type} ${data}  ttl ${ttl} s`)),
  ];
}

function noteText(view: EventView): string {
  return FLAG_WORDS.filter(([bit]) => (view.flags & bit) !== 0)
    .map(([, words]) => words)
    .join('; ');
}
