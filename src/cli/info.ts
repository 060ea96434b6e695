/** `trowel info`: what is in a capture. */
import { statSync } from 'node:fs';
import type { Capture } from '../capture/capture.ts';
import { type LeftOut, leftOutText, missingOf } from '../capture/meta.ts';
import { captureEnd } from '../lens/dns.ts';
import { clockText, secondsText, spanText } from '../model/time.ts';
import { jsonText, sanitize } from '../output/printable.ts';
import { tableLines } from '../output/table.ts';
import { namedFile } from './import-cache.ts';
import { openCapture } from './open-capture.ts';
import { Out } from './out.ts';

interface Summary {
  readonly file: string;
  readonly bytes: number;
  readonly state: string;
  /** Why it is not all of the file that it was imported from; null: it is. */
  readonly damage: string | null;
  /** What of that file is more than is kept. */
  readonly leftOut: readonly LeftOut[];
  readonly source: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly machine: string;
  readonly start: string;
  readonly durationNs: number;
  readonly events: number;
  readonly lost: number;
  readonly filter: string;
  readonly command: string;
  readonly schema: string;
  readonly processes: number;
  readonly containers: number;
  readonly pods: number;
  /** What was wrong with where names came from; empty: nothing. */
  readonly names: string;
  readonly dnsMessages: number;
  readonly families: readonly { readonly family: string; readonly events: number }[];
  readonly losses: readonly {
    readonly reason: string;
    readonly family: string;
    readonly count: number;
    readonly from: number;
    readonly to: number;
  }[];
}

export function info(path: string, options: { readonly json?: boolean }): void {
  const capture = openCapture(path);
  const out = new Out();
  try {
    const summary = summarise(capture, path);
    if (options.json === true) out.line(jsonText(summary));
    else out.lines(summaryLines(summary));
  } finally {
    out.flush();
    capture.close();
  }
}

function summarise(capture: Capture, path: string): Summary {
  const { dims, meta } = capture;
  const { damage, leftOut } = missingOf(meta);
  const processes = [...dims.processes.all()];
  const losses = [...dims.losses.all()].map(({ reason, family, count, from, to }) => ({ reason, family, count, from, to }));
  return {
    file: namedFile(path),
    bytes: statSync(path).size,
    damage: damage?.reason ?? null,
    leftOut,
    state: meta.state === 'complete' ? 'complete' : 'not closed: still being recorded, or its recorder was killed',
    source: meta.source ?? '',
    hostname: meta.hostname ?? '',
    kernel: meta.kernel ?? '',
    machine: meta.machine ?? '',
    start: clockText(capture.epoch, 0, true),
    durationNs: captureEnd(capture),
    events: capture.last()?.count ?? 0,
    lost: losses.reduce((sum, { count }) => sum + count, 0),
    filter: meta.filter ?? '',
    command: meta.command ?? '',
    schema: String(capture.schema),
    processes: new Set(processes.map(({ pid, started }) => `${pid} ${started}`)).size,
    containers: new Set(processes.map(({ container }) => container).filter((id) => id !== '')).size,
    pods: new Set([...dims.objects.all()].filter(({ kind }) => kind === 'Pod').map(({ uid }) => uid)).size,
    names: meta.names ?? '',
    dnsMessages: dims.dns.size,
    families: eventsByFamily(capture),
    losses,
  };
}

function eventsByFamily(capture: Capture): { family: string; events: number }[] {
  const counts = new Map<string, number>();
  for (const head of capture.heads()) {
    const { type, n } = capture.chunk(head);
    for (let i = 0; i < n; i++) {
      const family = capture.dims.types.get(type[i]!)?.family ?? 'other';
      counts.set(family, (counts.get(family) ?? 0) + 1);
    }
  }
  return [...counts].map(([family, events]) => ({ family, events })).sort((a, b) => b.events - a.events);
}

function summaryLines(summary: Summary): string[] {
  const lines: (readonly [string, string])[] = [
    [
      'file',
      `${summary.file}  ${(summary.bytes / 1024).toFixed(0)} KiB, schema ${summary.schema}, ${summary.damage === null ? summary.state : 'a part of a damaged file'}`,
    ],
    ['recorded', `${summary.start} on ${summary.hostname} (${summary.kernel}, ${summary.machine})`],
    ['span', `${spanText(summary.durationNs)}`],
    [
      'events',
      `${summary.events}${summary.bytes > 0 && summary.events > 0 ? `  (${(summary.bytes / summary.events).toFixed(1)} bytes each)` : ''}`,
    ],
    ['families', summary.families.map(({ family, events }) => `${family} ${events}`).join('  ')],
    ['filter', summary.filter || 'none: everything was kept'],
    ['processes', `${summary.processes}, in ${summary.containers} containers`],
    ...(summary.pods > 0 ? [['pods', String(summary.pods)] as const] : []),
    ...(summary.names === '' ? [] : [['names', summary.names] as const]),
    ['DNS', `${summary.dnsMessages} messages`],
    ['command', summary.command],
    ...(summary.damage === null ? [] : [['damaged', `${summary.damage}; what comes before is here`] as const]),
    ...(summary.leftOut.length === 0 ? [] : [['left out', leftOutText(summary.leftOut)] as const]),
    ['lost', summary.lost === 0 ? 'nothing' : `${summary.lost} events`],
  ];
  const text = lines.map(([key, value]) => `${key.padEnd(10)} ${sanitize(value)}`);
  if (summary.losses.length === 0) return text;
  const rows = summary.losses.map(({ reason, family, count, from, to }) => [
    String(count),
    family,
    reason,
    secondsText(from),
    secondsText(to),
  ]);
  return [
    ...text,
    ...tableLines([{ title: 'LOST', align: 'right' }, { title: 'FAMILY' }, { title: 'BUFFER' }, { title: 'FROM' }, { title: 'TO' }], rows),
  ];
}
