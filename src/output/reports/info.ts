/** What is in a capture, as a report of one record. */

import type { BlindSpot } from '../../capture/blind-spots.ts';
import { type Damage, damageText, type LeftOut, leftOutText } from '../../capture/meta.ts';
import { costText, type OwnCost, type ProgramCost, programCosts } from '../../capture/own-cost.ts';
import { secondsText } from '../../model/time.ts';
import { column, record, records } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';

export interface Summary {
  readonly file: string;
  readonly bytes: number;
  readonly state: string;
  /** Null: the stream did not end without a goodbye. ns since the start: when the last event was seen; after it nothing is known. */
  readonly brokeOff: BrokenOff | null;
  /** Why it is not all of the file that it was imported from; null: it is. */
  readonly damage: Damage | null;
  /** What of that file is more than is kept. */
  readonly leftOut: readonly LeftOut[];
  readonly source: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly machine: string;
  readonly start: string;
  /** ns: times count from so long before it begins, as of a file that others precede. */
  readonly beginNs: number;
  readonly durationNs: number;
  readonly events: number;
  readonly lost: number;
  readonly filter: string;
  readonly command: string;
  /** What was taken out before it was stored; null: nothing was looked for. */
  readonly redacted: string | null;
  /** Why the process that stored it stayed root under sudo; null: it did not, or nobody used sudo. */
  readonly stayedRoot: string | null;
  /** What recording cost the node; null: it does not say. */
  readonly cost: OwnCost | null;
  /** Of the probe's programs, where the kernel counted it. */
  readonly programs: readonly ProgramCost[];
  readonly schema: string;
  readonly processes: number;
  readonly containers: number;
  readonly pods: number;
  /** What was wrong with where names came from; empty: nothing. */
  readonly names: string;
  /** What it cannot show. */
  readonly blindSpots: readonly BlindSpot[];
  readonly dnsMessages: number;
  readonly families: readonly Family[];
  readonly losses: readonly Loss[];
}

export interface BrokenOff {
  readonly time: number;
  readonly reason: string;
}

export interface Family {
  readonly family: string;
  readonly events: number;
}

export interface Loss {
  readonly reason: string;
  readonly family: string;
  readonly count: number;
  /** ns since the capture's start. */
  readonly from: number;
  readonly to: number;
}

const PROGRAMS = { audience: 'programs' } as const;
const PEOPLE = { audience: 'people' } as const;

const LEFT_OUT: readonly Column<LeftOut>[] = [
  column('kind', 'text', 'threads, descriptors …', (l) => l.kind),
  column('count', 'count', 'how many are not kept', (l) => l.count),
  column('limit', 'count', 'how many are kept at most', (l) => l.limit),
];

const BLIND: readonly Column<BlindSpot>[] = [
  column('id', 'text', 'its stable name', (b) => b.id),
  column('what', 'text', 'what it means', (b) => b.what),
  column('reason', 'text', 'why, in the words of the kernel or of who recorded', (b) => b.reason),
  column('from', 'ns', 'since when, from the start; null: all the time', (b) => b.from, { nullable: true }),
  column('to', 'ns', 'until when', (b) => b.to, { nullable: true }),
  column('hides', 'text', 'what may be there and is not seen', (b) => b.hides, { many: true }),
  column('usual', 'bool', 'nearly every capture has it', (b) => b.usual),
];

const FAMILY: readonly Column<Family>[] = [
  column('family', 'text', 'net, file, process …', (f) => f.family),
  column('events', 'count', 'how many', (f) => f.events),
];

const BROKEN: readonly Column<BrokenOff>[] = [
  column('time', 'ns', 'when the last event was seen, since the capture began', (b) => b.time),
  column('reason', 'text', 'why nothing came any more', (b) => b.reason),
];

const COST: readonly Column<OwnCost>[] = [
  column('over', 'ns', 'that it was measured over', (c) => c.over),
  column('collector', 'ns', 'CPU of the collector', (c) => c.collector),
  column('probe', 'ns', 'CPU of the probe', (c) => c.probe),
  column('programs', 'ns', 'run time of its programs in the kernel; null: not counted', (c) => c.programs, { nullable: true }),
  column('collectorBytes', 'bytes', 'resident memory of the collector at the end', (c) => c.collectorBytes),
  column('probeBytes', 'bytes', 'and of the probe', (c) => c.probeBytes),
];

const PROGRAM: readonly Column<ProgramCost>[] = [
  column('name', 'text', 'of the program', (p) => p.name),
  column('runs', 'count', 'how often it ran', (p) => p.runs),
  column('ns', 'ns', 'run time of all runs together', (p) => p.ns),
];

const LOSS: readonly Column<Loss>[] = [
  column('reason', 'text', 'which buffer was full', (l) => l.reason),
  column('family', 'text', 'of the events', (l) => l.family),
  column('count', 'count', 'how many were lost', (l) => l.count),
  column('from', 'ns', 'since the capture began', (l) => l.from),
  column('to', 'ns', 'since the capture began', (l) => l.to),
];

const UNSEEN: readonly Column<BlindSpot>[] = [
  column('not seen', 'text', '', (b) => (b.reason === '' ? b.what : `${b.what} (${b.reason})`)),
];

const LOST: readonly Column<Loss>[] = [
  column('lost', 'count', '', (l) => l.count),
  column('family', 'text', '', (l) => l.family),
  column('buffer', 'text', '', (l) => l.reason),
  column('from', 'text', '', (l) => secondsText(l.from)),
  column('to', 'text', '', (l) => secondsText(l.to)),
];

export const INFO_DOC = 'what is in a capture';

export const INFO_COLUMNS: readonly Column<Summary>[] = [
  column('file', 'text', 'as it was named', (s) => s.file, PROGRAMS),
  column('bytes', 'bytes', 'size of the file', (s) => s.bytes, PROGRAMS),
  column('state', 'text', 'complete, or why not', (s) => s.state, PROGRAMS),
  record('brokeOff', 'the stream ended without a goodbye: what is missing from then on is not known', BROKEN, (s) => s.brokeOff, {
    ...PROGRAMS,
    nullable: true,
  }),
  column('damage', 'text', 'why it is not all of the file that it was imported from', (s) => s.damage?.reason ?? null, {
    ...PROGRAMS,
    nullable: true,
  }),
  records('leftOut', 'what of that file is more than is kept', LEFT_OUT, (s) => s.leftOut, PROGRAMS),
  column('source', 'text', 'what made it', (s) => s.source, PROGRAMS),
  column('hostname', 'text', 'of the node', (s) => s.hostname, PROGRAMS),
  column('kernel', 'text', 'of the node', (s) => s.kernel, PROGRAMS),
  column('machine', 'text', 'of the node', (s) => s.machine, PROGRAMS),
  column('start', 'text', 'date and time in the zone of TZ', (s) => s.start, PROGRAMS),
  column('beginNs', 'ns', 'how long after time zero it begins, where other files precede it', (s) => s.beginNs, PROGRAMS),
  column('durationNs', 'ns', 'from the start to the last event', (s) => s.durationNs, PROGRAMS),
  column('events', 'count', 'how many it holds', (s) => s.events, PROGRAMS),
  column('lost', 'count', 'events that were lost', (s) => s.lost, PROGRAMS),
  column('filter', 'text', 'what was recorded; empty: everything', (s) => s.filter, PROGRAMS),
  column('command', 'text', 'the command line that recorded it', (s) => s.command, PROGRAMS),
  column('redacted', 'text', 'what was taken out before it was stored', (s) => s.redacted, { ...PROGRAMS, nullable: true }),
  column('stayedRoot', 'text', 'why the process that stored it kept root’s power under sudo', (s) => s.stayedRoot, {
    ...PROGRAMS,
    nullable: true,
  }),
  record('cost', 'what recording cost the node', COST, (s) => s.cost, { ...PROGRAMS, nullable: true }),
  records(
    'programs',
    'what each of the probe’s programs cost in the kernel; none where it did not count',
    PROGRAM,
    (s) => s.programs,
    PROGRAMS,
  ),
  column('schema', 'text', 'version of its tables', (s) => s.schema, PROGRAMS),
  column('processes', 'count', 'processes in it', (s) => s.processes, PROGRAMS),
  column('containers', 'count', 'containers in it', (s) => s.containers, PROGRAMS),
  column('pods', 'count', 'pods in it', (s) => s.pods, PROGRAMS),
  column('names', 'text', 'what was wrong with where names came from', (s) => s.names, PROGRAMS),
  records('blindSpots', 'what it cannot show', BLIND, (s) => s.blindSpots, PROGRAMS),
  column('dnsMessages', 'count', 'DNS messages', (s) => s.dnsMessages, PROGRAMS),
  records('families', 'events by family', FAMILY, (s) => s.families, PROGRAMS),
  records('losses', 'what was lost, when', LOSS, (s) => s.losses, PROGRAMS),
  column(
    'file',
    'text',
    '',
    (s) => `${s.file}  ${(s.bytes / 1024).toFixed(0)} KiB, schema ${s.schema}, ${s.damage === null ? s.state : 'a part of a damaged file'}`,
    PEOPLE,
  ),
  column('recorded', 'text', '', recordedText, PEOPLE),
  column('times', 'text', '', timesText, PEOPLE),
  column('span', 'ns', '', (s) => s.durationNs, PEOPLE),
  column('events', 'text', '', eventsText, PEOPLE),
  column('families', 'text', '', (s) => s.families.map(({ family, events }) => `${family} ${events}`).join('  '), PEOPLE),
  column('filter', 'text', '', (s) => s.filter || 'none: everything was kept', PEOPLE),
  column('processes', 'text', '', (s) => `${s.processes}, in ${s.containers} containers`, PEOPLE),
  column('pods', 'count', '', (s) => (s.pods > 0 ? s.pods : undefined), PEOPLE),
  column('names', 'text', '', (s) => s.names || undefined, PEOPLE),
  column('DNS', 'text', '', (s) => `${s.dnsMessages} messages`, PEOPLE),
  column('command', 'text', '', (s) => s.command || undefined, PEOPLE),
  column('redacted', 'text', '', (s) => s.redacted ?? undefined, PEOPLE),
  column('root', 'text', '', (s) => (s.stayedRoot === null ? undefined : `what stored it stayed root: ${s.stayedRoot}`), PEOPLE),
  column('cost', 'text', '', (s) => (s.cost === null ? undefined : costText(s.cost)), PEOPLE),
  column('programs', 'text', '', (s) => programCosts(s.programs) || undefined, PEOPLE),
  column('damaged', 'text', '', (s) => (s.damage === null ? undefined : damageText(s.damage, 'is here')), PEOPLE),
  column('left out', 'text', '', (s) => (s.leftOut.length === 0 ? undefined : leftOutText(s.leftOut)), PEOPLE),
  column('lost', 'text', '', lostText, PEOPLE),
  records('not seen', '', UNSEEN, (s) => s.blindSpots, PEOPLE),
  records('losses', '', LOST, (s) => largest(s.losses), PEOPLE),
  column('and', 'text', '', smallerText, PEOPLE),
];

/** A file of a recording that goes on from file to file counts as the recording does. */
function timesText({ beginNs }: Summary): string | undefined {
  return beginNs === 0 ? undefined : `count from the start of the recording, ${secondsText(beginNs)} s before this file begins`;
}

/** What is missing: what was counted, and what nobody could count. */
function lostText({ lost, brokeOff, state, losses }: Summary): string {
  const counted = lost === 0 ? 'nothing' : `${lost} events`;
  const shed = losses.some(({ reason }) => reason === 'shed');
  if (brokeOff === null && state === 'complete')
    return shed ? `${counted} that was counted; some was not recorded for a time (--max-cpu)` : counted;
  const before = lost === 0 ? 'nothing that was counted' : `${counted} that were counted`;
  if (brokeOff === null) return `${before}; not closed: what was not yet written is not here`;
  return `${before}; broke off ${secondsText(brokeOff.time)} s after the start (${brokeOff.reason}): how much is missing from then on is not known`;
}

/** Losses that people are told one by one. */
const MOST_LOSSES = 20;

/** The largest, in the order of time. */
function largest(losses: readonly Loss[]): readonly Loss[] {
  if (losses.length <= MOST_LOSSES) return losses;
  return [...losses]
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_LOSSES)
    .sort((a, b) => a.from - b.from);
}

function smallerText({ losses }: Summary): string | undefined {
  if (losses.length <= MOST_LOSSES) return undefined;
  const sum = (some: readonly Loss[]) => some.reduce((total, { count }) => total + count, 0);
  return `${losses.length - MOST_LOSSES} smaller losses, of ${sum(losses) - sum(largest(losses))} events: --json has all`;
}

export function infoReport(summary: Summary): Report<Summary> {
  return { id: 'info', columns: INFO_COLUMNS, items: [summary], epoch: 0n, form: 'record' };
}

/** `DATE on NODE (KERNEL, MACHINE)`, of which a capture may know only parts. */
function recordedText({ start, hostname, kernel, machine }: Summary): string {
  const system = [kernel, machine].filter((part) => part !== '').join(', ');
  return `${start}${hostname === '' ? '' : ` on ${hostname}`}${system === '' ? '' : ` (${system})`}`;
}

function eventsText({ events, bytes }: Summary): string {
  return `${events}${bytes > 0 && events > 0 ? `  (${(bytes / events).toFixed(1)} bytes each)` : ''}`;
}
