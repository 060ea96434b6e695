/** What `record --ring` was asked for, and what `-C -G -W -e` were. */
import type { RingLimits } from '../collector/ring.ts';
import type { RotationLimits } from '../collector/rotation.ts';
import { compileFilter } from '../filter/compile.ts';
import { expanded } from '../filter/definitions.ts';
import { newTables } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { definitions } from './definitions.ts';
import { UsageError } from './exit.ts';
import { type DoctorChecks, splitTriggers } from './flight-doctor.ts';
import { checkUpload } from './flight-upload.ts';
import { parseShare, parseSize } from './size.ts';
import { parseSpan } from './span.ts';

export interface FlightOptions {
  /** Times and sizes: `10m`, `2GB`. */
  readonly ring?: readonly string[];
  readonly keepFree?: string;
  /** Filters, and `doctor:ID`: what a check finds. */
  readonly on?: readonly string[];
  readonly pre?: string;
  readonly post?: string;
  readonly maxSaves?: number;
  readonly upload?: string;
  /** Saved captures that are kept. */
  readonly files?: number;
}

export interface RotationOptions {
  readonly fileSize?: number;
  readonly fileSeconds?: number;
  readonly fileEvents?: number;
  readonly files?: number;
}

/** What the flight recorder keeps and when it saves. Times in ns. */
export interface FlightPlan {
  readonly limits: RingLimits;
  /** Filters. */
  readonly triggers: readonly string[];
  /** Findings that are triggers, too; null: none is. */
  readonly doctor: DoctorChecks | null;
  readonly pre: number;
  readonly post: number;
  /** In an hour. */
  readonly maxSaves: number;
  /** Where what is saved goes, too; null: nowhere. */
  readonly upload: string | null;
  /** Saved captures that stay in the folder. */
  readonly kept: number;
}

const PRE = '60s';
const POST = '10s';
const MAX_SAVES = 6;

/** Null: there is no ring. Throws UsageError, FilterError. */
export function flightPlan(options: FlightOptions): FlightPlan | null {
  const { ring, keepFree, on = [], pre, post = POST, maxSaves = MAX_SAVES, upload, files = Infinity } = options;
  if (ring === undefined) {
    requireNone(options);
    return null;
  }
  if (on.some((text) => text.trim() === '')) throw new UsageError('--on takes a filter, or doctor: an empty one would match every event');
  const { filters, doctor } = splitTriggers(on);
  const triggers = filters.map((text) => expanded(text, definitions()));
  for (const text of triggers) compileFilter(text, { dims: newTables(), epoch: 0n, hostname: '', growing: false });
  if (upload !== undefined) checkUpload(upload);
  for (const [name, number] of [
    ['-W', files],
    ['--max-saves', maxSaves],
  ] as const)
    if (number === 0) throw new UsageError(`${name} takes numbers from 1 on`);
  const limits = ringLimits(ring, keepFree);
  if (pre !== undefined && parseSpan('--pre', pre) > limits.span)
    throw new UsageError(`--pre ${pre} is longer than what --ring ${ring.join(',')} keeps`);
  return {
    limits,
    triggers,
    doctor,
    pre: pre === undefined ? Math.min(parseSpan('--pre', PRE), limits.span) : parseSpan('--pre', pre),
    post: parseSpan('--post', post),
    maxSaves,
    upload: upload ?? null,
    kept: files,
  };
}

/** Options without which a ring is as good, and which are nothing without one. */
const OF_RING = { on: '--on', pre: '--pre', post: '--post', maxSaves: '--max-saves', upload: '--upload', keepFree: '--keep-free' } as const;

function requireNone(options: FlightOptions): void {
  const given = (Object.keys(OF_RING) as (keyof typeof OF_RING)[]).filter((name) => options[name] !== undefined);
  if (given.length === 0) return;
  const names = given.map((name) => OF_RING[name]).join(' and ');
  throw new UsageError(`${names} ${given.length === 1 ? 'belongs' : 'belong'} to --ring 10m, or --ring 2GB`);
}

/** Bytes: with less, each of its parts would be full of names before it has an event. */
const LEAST_BYTES = 16e6;

function ringLimits(ring: readonly string[], keepFree: string | undefined): RingLimits {
  let [span, bytes] = [Infinity, Infinity];
  for (const text of ring.flatMap((part) => part.split(','))) {
    const size = parseSize(text);
    if (size === null) span = Math.min(span, parseSpan('--ring', text, 'a time such as 10m, or a size such as 2GB'));
    else bytes = Math.min(bytes, size);
    if (bytes > 0 && bytes < LEAST_BYTES) throw new UsageError(`--ring ${text} is too little: it takes 16MB or more`);
    if (span === 0 || bytes === 0) throw new UsageError(`--ring ${text} keeps nothing: give a time such as 10m, or a size such as 2GB`);
  }
  return { span, bytes, keepFree: keepFree === undefined ? 0 : parseShare('--keep-free', keepFree) };
}

/** Null: one file holds everything. Throws UsageError. */
export function rotationLimits({
  fileSize,
  fileSeconds,
  fileEvents,
  files,
  ring,
}: RotationOptions & Pick<FlightOptions, 'ring'>): RotationLimits | null {
  if (fileSize === undefined && fileSeconds === undefined && fileEvents === undefined) {
    if (files !== undefined && ring === undefined)
      throw new UsageError('-W says how many files are kept: say with -C MB, -G SECONDS or -e EVENTS when one is full');
    return null;
  }
  for (const value of [fileSize, fileSeconds, fileEvents, files])
    if (value === 0) throw new UsageError('-C, -G, -e and -W take numbers from 1 on');
  return {
    bytes: (fileSize ?? Infinity) * 1_000_000,
    span: (fileSeconds ?? Infinity) * SECOND,
    events: fileEvents ?? Infinity,
    files: files ?? Infinity,
  };
}
