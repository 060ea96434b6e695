/** `trowel info`: what is in a capture. */
import { type Capture, captureEnd } from '../capture/capture.ts';
import { type CaptureMeta, importGaps } from '../capture/meta.ts';
import { parseCost, parsePrograms } from '../capture/own-cost.ts';
import { clockText } from '../model/time.ts';
import { infoReport, type Summary } from '../output/reports/info.ts';
import { openCapture } from './open-capture.ts';
import { show, type WritingOptions } from './writing.ts';

export async function info(path: string, options: WritingOptions): Promise<void> {
  const capture = await openCapture(path);
  try {
    show(infoReport(summarise(capture)), options);
  } finally {
    capture.close();
  }
}

function summarise(capture: Capture): Summary {
  const { dims, meta } = capture;
  const { damage, leftOut } = importGaps(meta);
  const processes = [...dims.processes.all()];
  const begin = Number(meta.begin ?? 0);
  const losses = [...dims.losses.all()].map(({ reason, family, count, from, to }) => ({ reason, family, count, from, to }));
  return {
    file: capture.path,
    bytes: capture.bytes,
    state: stateText(meta),
    brokeOff: meta.state === 'broke off' ? { time: captureEnd(capture), reason: meta.broke ?? '' } : null,
    damage,
    leftOut,
    source: meta.source ?? '',
    hostname: meta.hostname ?? '',
    kernel: meta.kernel ?? '',
    machine: meta.machine ?? '',
    start: clockText(capture.epoch, begin, true),
    beginNs: begin,
    durationNs: captureEnd(capture) - begin,
    events: capture.last()?.count ?? 0,
    lost: losses.reduce((sum, { count }) => sum + count, 0),
    filter: meta.filter ?? '',
    command: meta.command ?? '',
    redacted: redactedText(meta),
    stayedRoot: meta.root ?? null,
    cost: parseCost(meta.cost),
    programs: parsePrograms(meta.programs),
    schema: String(capture.schema),
    processes: new Set(processes.map(({ pid, started }) => `${pid} ${started}`)).size,
    containers: new Set(processes.map(({ container }) => container).filter((id) => id !== '')).size,
    pods: new Set([...dims.objects.all()].filter(({ kind }) => kind === 'Pod').map(({ uid }) => uid)).size,
    names: meta.names ?? '',
    blindSpots: capture.blindSpots,
    dnsMessages: dims.dns.size,
    families: eventsByFamily(capture),
    losses,
  };
}

function stateText({ state }: Partial<CaptureMeta>): string {
  if (state === 'complete' || state === 'broke off') return state;
  return 'not closed: still being recorded, or its recorder was killed';
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

/** Null: nothing was looked for. */
function redactedText({ redacted }: Partial<CaptureMeta>): string | null {
  const counts =
    redacted === undefined
      ? null
      : /^\{"payloads":(\d+),"arguments":(\d+),"commands":(\d+),"environments":(\d+)(?:,"names":(\d+))?\}$/.exec(redacted);
  if (counts === null) return null;
  return `something in ${counts[1]} payloads, the arguments of ${counts[2]} events, ${counts[3]} command lines, ${counts[4]} environments, and ${counts[5] ?? 0} names of files and folders`;
}
