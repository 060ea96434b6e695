/** A folder of captures, or several files: one capture with one time line, made once and kept with the imports. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import { LIST, type Opener } from '../capture/opener.ts';
import { sanitize } from '../output/printable.ts';
import { say } from '../output/stderr.ts';
import { cachePathOfAll } from './import-cache.ts';
import { chosenNodes, isChosen } from './nodes.ts';
import { type Stretch, sayOverlaps } from './overlaps.ts';

export const SEVERAL: Opener = {
  sniff: ({ name, what }) => what === 'several' || (what === 'folder' && capturesIn(name).length > 0),

  async open(file, name) {
    const files = membersOf(file);
    const only = await onlyOne(files);
    if (only !== null) return only;
    const { CaptureReader } = await import('../store/reader.ts');
    return new CaptureReader(await merged(files), name.split(LIST).join(', '));
  },
};

/** Where one is asked it is asked as it is: it has its own numbers, and how its node's network looked. */
async function onlyOne(files: readonly string[]): Promise<Capture | null> {
  if (files.length > 1 && chosenNodes().length === 0) return null;
  const { openQuietly } = await import('./open-capture.ts');
  const found: Capture[] = [];
  for (const file of files) {
    const capture = await openQuietly(file);
    if (isChosen(capture)) found.push(capture);
    else capture.close();
  }
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  for (const capture of found) capture.close();
  return null;
}

/** Captures that are meant by one word of a command line. */
export const membersOf = (name: string): string[] => name.split(LIST).flatMap((one) => (isFolder(one) ? capturesIn(one) : [one]));

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function capturesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /\.(trowel|scap)$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

/** Where all of them are as one. */
async function merged(files: readonly string[]): Promise<string> {
  const cached = await cachePathOfAll(files, `3 ${JSON.stringify(chosenNodes())}\n`);
  if (existsSync(cached)) return cached;
  mkdirSync(dirname(cached), { recursive: true });
  await mergeFiles(files, cached);
  return cached;
}

/** Those of the nodes asked for, as one new capture. */
export async function mergeFiles(files: readonly string[], target: string): Promise<void> {
  const { openQuietly } = await import('./open-capture.ts');
  const opened: Capture[] = [];
  try {
    for (const file of files) opened.push(await openQuietly(file));
    await mergeInto(target, opened.filter(isChosen), opened);
  } finally {
    for (const capture of opened) capture.close();
  }
}

/** `all`: what there was to choose from. */
async function mergeInto(target: string, captures: readonly Capture[], all: readonly Capture[]): Promise<void> {
  if (captures.length === 0) throw new CaptureError(all[0]!.path, noneText(all));
  const [{ merge }, { together }] = await Promise.all([import('../store/merge.ts'), import('../store/ends.ts')]);
  const ends = together(captures);
  const part = `${target}.${process.pid}.part`;
  try {
    merge({ captures, ...ends }, part);
    renameSync(part, target);
  } finally {
    rmSync(part, { force: true });
  }
  sayOverlaps(captures.flatMap(stretchOf));
  const { offsetText } = await import('./merge.ts');
  captures.forEach(({ path }, k) => {
    if (captures[k]!.meta.hostname === captures[0]!.meta.hostname) return;
    const text = offsetText(ends.offsets[k]!, basename(path), basename(captures[0]!.path));
    if (!said.has(text)) say(sanitize(text));
    said.add(text);
  });
}

/** A command may put the same captures together twice. */
const said = new Set<string>();

/** From its first event to its last; none: it has no events. */
function stretchOf(capture: Capture): Stretch[] {
  const last = capture.last();
  const wall = (ns: number) => capture.epoch + BigInt(Math.round(ns));
  for (const { minTime } of capture.heads())
    return last === null ? [] : [{ node: capture.meta.hostname ?? '', from: wall(minTime), to: wall(last.time) }];
  return [];
}

const noneText = (all: readonly Capture[]): string =>
  all.length === 1
    ? `is of ${nodesText(all)}, not of the node asked for`
    : `and ${all.length - 1} more are of ${nodesText(all)}: none of the node asked for`;

const nodesText = (captures: readonly Capture[]): string => [...new Set(captures.map(({ meta }) => meta.hostname ?? ''))].join(', ');
