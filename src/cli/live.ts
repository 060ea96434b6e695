/** `trowel live`: records into a capture and shows it as it grows. Recorder and screen are two processes, so that neither waits for the other. */
import { constants, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFilter } from '../filter/compile.ts';
import { expanded } from '../filter/definitions.ts';
import { parseFilter } from '../filter/parse.ts';
import { newTables } from '../model/rows.ts';
import { say } from '../output/stderr.ts';
import { giveFolder } from '../store/owner.ts';
import type { CaptureReader } from '../store/reader.ts';
import { contextOf } from './capture-context.ts';
import { CountingThread } from './counting-thread.ts';
import { definitions } from './definitions.ts';
import { EXIT, Exit } from './exit.ts';
import { Recorder } from './live-recorder.ts';
import { requireStore, Sending } from './live-store.ts';
import { prepareInk, requireTerminal, wantsColour } from './open.ts';
import { ScreenReader } from './screen-reader.ts';
import { newTarget } from './target.ts';
import { becomeUser, ownUser } from './under-sudo.ts';

/** Options of `record` that `live` takes too, and hands on as they are. */
export interface RecordingOptions {
  readonly snaplen?: number;
  readonly waitOver?: string;
  readonly latency?: boolean;
  readonly k8s?: boolean;
  readonly kubeconfig?: string;
  readonly api?: string;
  readonly cri?: string;
  readonly docker?: string;
  readonly net?: boolean;
  readonly cgroup?: readonly string[];
}

export interface LiveOptions extends RecordingOptions {
  readonly write?: string;
  readonly only?: string;
  /** Following stops at the first event that matches. */
  readonly on?: string;
  readonly color?: string;
  /** Everything goes there too, as it comes. */
  readonly store?: string;
}

export async function live(filter: string, options: LiveOptions): Promise<void> {
  requireTerminal('trowel record');
  parseFilter(options.only ?? '');
  if (options.on !== undefined)
    compileFilter(options.on, { dims: newTables(), epoch: 0n, hostname: '', growing: true, definitions: definitions() });
  parseFilter(filter); // a mistake must show before anything is started
  if (options.write !== undefined) newTarget(options.write);
  removeLeftOver();
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`));
  giveFolder(folder);
  const path = options.write ?? join(folder, 'live.trowel');
  if (options.store !== undefined) await requireStore(options.store);
  const recorder = new Recorder(path, expanded(options.only ?? '', definitions()), recordWords(options));
  try {
    becomeOwnUser(path); // the recorder does so by itself, and had to begin as root
    const sending = options.store === undefined ? null : new Sending(recorder, path, options.store);
    const keep = await show(recorder, filter, options);
    await recorder.end();
    await sending?.end();
    if (options.write !== undefined) say(`${options.write}: trowel open shows it again`);
    else if (keep) say(`${kept(path)}: trowel open shows it again`);
  } finally {
    await recorder.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The screen needs no more than to read what its recorder writes. */
function becomeOwnUser(path: string): void {
  const { user } = ownUser(path, 'screen');
  if (user !== null) becomeUser(user);
}

const FOLDER = 'trowel-live-';

/** Folders of screens that were killed, which could not remove them. */
function removeLeftOver(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(FOLDER))) {
    const pid = Number(/^[0-9]+/.exec(name.slice(FOLDER.length))?.[0] ?? 0);
    if (pid > 0 && !existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Copies the recording to where the user is or, where they may not write, to the folder for temporary files; gives its name. */
function kept(path: string): string {
  const stamp = new Date()
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '-');
  const name = `live-${stamp}.trowel`;
  try {
    return copied(path, newTarget(name));
  } catch (error) {
    say(`trowel: ${(error as Error).message}`);
    return copied(path, newTarget(join(tmpdir(), name)));
  }
}

function copied(path: string, name: string): string {
  copyFileSync(path, name, constants.COPYFILE_EXCL);
  return name;
}

/** The options as the recorder's own words. */
export function recordWords({
  snaplen,
  waitOver,
  latency,
  k8s,
  kubeconfig,
  api,
  cri,
  docker,
  net,
  cgroup = [],
}: RecordingOptions): string[] {
  const named: readonly (readonly [string, string | number | undefined])[] = [
    ['--snaplen', snaplen],
    ['--wait-over', waitOver],
    ['--kubeconfig', kubeconfig],
    ['--api', api],
    ['--cri', cri],
    ['--docker', docker],
    ...cgroup.map((folder) => ['--cgroup', folder] as const),
  ];
  const off: readonly (readonly [string, boolean | undefined])[] = [
    ['--no-latency', latency],
    ['--no-k8s', k8s],
    ['--no-net', net],
  ];
  return [
    ...named.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)])),
    ...off.flatMap(([name, value]) => (value === false ? [name] : [])),
  ];
}

/** The capture, as soon as there is one; null: the user did not wait for it. What is waited for is seen meanwhile. */
async function begun(recorder: Recorder, { color }: LiveOptions): Promise<CaptureReader | null> {
  const capture = recorder.capture();
  capture.catch(() => {}); // told where it is awaited, below
  prepareInk();
  const { waitFor } = await import('../tui/wait.tsx');
  const words = 'the node’s network is looked at, then the probe is loaded';
  const waited = await waitFor(capture, 'trowel ▸ live', words, wantsColour(color));
  if ('value' in waited) return waited.value;
  if (waited.left !== EXIT.OK) throw new Exit(waited.left);
  return null;
}

/** True: the user wants the recording kept. */
async function show(recorder: Recorder, filter: string, options: LiveOptions): Promise<boolean> {
  const capture = await begun(recorder, options);
  if (capture === null) return false;
  try {
    const context = contextOf(capture, true);
    compileFilter(filter, context);
    const thread = { path: capture.path, growing: true, nodes: [], namespaces: [], definitions: [...definitions()] };
    const { openScreen } = await import('../tui/open.tsx');
    const file = options.write ?? `${capture.meta.hostname ?? 'this node'} live`;
    const { code, keep } = await openScreen({
      capture,
      context,
      file,
      filter,
      follow: true,
      ...(options.on === undefined ? {} : { on: options.on }),
      unsaved: options.write === undefined,
      tables: new ScreenReader(thread),
      counting: new CountingThread(thread),
      colour: wantsColour(options.color),
      trouble: recorder.failure,
    });
    if (code !== EXIT.OK) throw new Exit(code);
    return keep;
  } finally {
    capture.close();
  }
}
