/** `trowel lens`: a named question to a capture; sysdig's chisels by their names. */

import { existsSync } from 'node:fs';
import type { Capture } from '../capture/capture.ts';
import { isStoreName } from '../cluster/address.ts';
import { nearest } from '../filter/error.ts';
import { ask, type Instead, type Question } from '../lens/ask.ts';
import { LENS_NAMES, LENSES, lensNamed } from '../lens/index.ts';
import { type Lens, LensError } from '../lens/lens.ts';
import { echoReport, lensesReport } from '../output/reports/lens.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { parseMoment, parseMoments } from './moment.ts';
import { openCapture } from './open-capture.ts';
import { show, type WritingOptions } from './writing.ts';

export interface LensOptions extends WritingOptions {
  readonly list?: boolean;
  readonly hex?: boolean;
  readonly base64?: boolean;
  readonly limit?: number;
  /** Fields to group by, and what to measure, with commas between. */
  readonly by?: string;
  readonly measure?: string;
  /** Asked of a recording that begins now, for so many seconds or until Ctrl-C; then there is no FILE. */
  readonly live?: boolean;
  readonly seconds?: number;
  /** Times: only events between them. */
  readonly from?: string;
  readonly to?: string;
  /** A time: what was so then. */
  readonly at?: string;
  /** Whose names are shown, too: k pods, c containers. */
  readonly format?: string;
}

/** The lens that --by and --measure are for where none is named. */
const ANY = 'events';

/** `words`: NAME, its arguments, FILE, and the filter's words. */
export async function lens(words: readonly string[], options: LensOptions): Promise<void> {
  if (options.list === true || isFileAlone(words, options)) {
    show(lensesReport(options.list === true && words.length > 0 ? words.map(lensCalled) : LENSES), options);
    return;
  }
  const { found, rest } = lensOf(words, options);
  refuseOther(found, options);
  const wanted = found.args.length;
  if (options.live === true) {
    const time = TIMES.find((name) => options[name] !== undefined);
    if (time !== undefined) throw new UsageError(`--${time} is for captures: a recording that begins now has no earlier time`);
    const question = { lens: found, words: rest.slice(0, wanted), filter: rest.slice(wanted).join(' '), instead: insteadOf(options) };
    await (await import('./lens-live.ts')).lensLive(question, options);
    return;
  }
  if (rest.length < wanted + 1)
    throw new UsageError(`usage: trowel lens ${[found.name, ...found.args.map((arg) => arg.toUpperCase()), 'FILE', '[FILTER]'].join(' ')}`);
  const question = { lens: found, words: rest.slice(0, wanted), filter: rest.slice(wanted + 1).join(' '), instead: insteadOf(options) };
  const always = TIMES.every((name) => options[name] === undefined);
  if (always && (await answeredThere(question, rest[wanted]!, options))) return;
  const capture = await openCapture(rest[wanted]!);
  try {
    print({ ...question, ...timesOf(options, capture) }, capture, options);
  } catch (error) {
    throw error instanceof LensError ? new UsageError(error.message) : error;
  } finally {
    capture.close();
  }
}

/** What would do nothing for this lens, or without a recording. */
function refuseOther({ name, ask: { kind } }: Lens, { hex, base64, live, seconds }: LensOptions): void {
  if (seconds !== undefined && live !== true) throw new UsageError('--seconds is for --live; of a file: --from and --to');
  if (kind !== 'echo' && (hex === true || base64 === true))
    throw new UsageError(`${name} prints no payloads: ${hex === true ? '-X' : '-b'} is for echo, port, ip, file and the like`);
}

/** A file and no question: what can be asked is shown. */
function isFileAlone([name, ...rest]: readonly string[], { by, measure }: LensOptions): boolean {
  return (
    name !== undefined && rest.length === 0 && by === undefined && measure === undefined && lensNamed(name) === null && existsSync(name)
  );
}

/** Where a store adds up what is asked, no event leaves it. */
async function answeredThere(question: Question, name: string, options: LensOptions): Promise<boolean> {
  if (!isStoreName(name)) return false;
  try {
    const found = await (await import('./store-fold.ts')).storeRank(question, name);
    if (found !== null) show(found, options);
    return found !== null;
  } catch (error) {
    throw error instanceof LensError ? new UsageError(error.message) : error;
  }
}

function lensOf(words: readonly string[], { by, measure }: LensOptions): { readonly found: Lens; readonly rest: readonly string[] } {
  const [name, ...rest] = words;
  if (name === undefined) throw new UsageError('lens takes a NAME and a FILE; trowel lens -l lists the names');
  const found = lensNamed(name);
  if (found !== null) return { found, rest };
  if (by !== undefined || measure !== undefined) return { found: lensNamed(ANY)!, rest: words };
  return { found: lensCalled(name), rest };
}

/** Throws UsageError where there is none. */
function lensCalled(name: string): Lens {
  const found = lensNamed(name);
  if (found !== null) return found;
  const near = nearest(name, LENS_NAMES);
  const meant = near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`;
  throw new UsageError(`there is no lens called ${name}${meant}; trowel lens -l lists them`);
}

/** Prints a lens' answer. */
export function print(question: Question, capture: Capture, options: LensOptions): void {
  const look = ask(question, capture, contextOf(capture));
  if (look.kind === 'table') show(look, options);
  else show(echoReport(look.blocks, capture.epoch, options), options, { bytesAs: 'base64' });
}

const TIMES = ['from', 'to', 'at'] as const;

function timesOf(options: LensOptions, capture: Capture): Pick<Question, (typeof TIMES)[number]> {
  const at = options.at === undefined ? {} : { at: parseMoment('--at', options.at, capture) };
  return { ...parseMoments(options, capture), ...at };
}

const NAMES: Readonly<Record<string, Instead['names']>> = { c: 'containers', container: 'containers', k: 'pods', kubernetes: 'pods' };

function insteadOf({ by, measure, limit, format }: LensOptions): Instead {
  const names = format === undefined ? undefined : NAMES[format];
  if (format !== undefined && names === undefined)
    throw new UsageError(
      `-p of a lens is k, for names of pods, or c, of containers; not ${format}: trowel read FILE -p FORMAT prints fields`,
    );
  if (measure !== undefined && listOf(measure).length === 0)
    throw new UsageError('--measure names at least one measure, such as count or bytes');
  return {
    ...(names === undefined ? {} : { names }),
    ...(by === undefined ? {} : { by: listOf(by) }),
    ...(measure === undefined ? {} : { measures: listOf(measure) }),
    ...(limit === undefined ? {} : { most: limit }),
  };
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
