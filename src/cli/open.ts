/** `trowel open`: the screen on a capture. */
import { statSync } from 'node:fs';
import { compileFilter } from '../filter/compile.ts';
import { CaptureReader } from '../store/reader.ts';
import { contextOf } from './capture-context.ts';
import { CountingThread } from './counting-thread.ts';
import { definitions } from './definitions.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { keepMemorySmall } from './memory.ts';
import { chosenNamespaces, chosenNodes } from './nodes.ts';
import { openCapture } from './open-capture.ts';
import { ScreenReader } from './screen-reader.ts';

/** A recorder writes at least every second. */
const JUST_MS = 10_000;

export interface OpenOptions {
  readonly color?: string;
  /** The screen to begin with. */
  readonly screen?: string;
}

export async function open(path: string, filter: string, options: OpenOptions): Promise<void> {
  requireTerminal(`trowel read ${path}`);
  const first = await screenOf(options.screen);
  const capture = await openCapture(path);
  try {
    const recording = capture.meta.state === 'recording';
    const context = contextOf(capture, recording);
    compileFilter(filter, context); // a mistake must show before the screen does
    const thread = {
      path: capture instanceof CaptureReader ? capture.file : path, // what was pulled, or is a part, is not made again
      growing: context.growing,
      nodes: chosenNodes(),
      namespaces: chosenNamespaces(),
      definitions: [...definitions()],
    };
    prepareInk();
    const { openScreen } = await import('../tui/open.tsx');
    const { code } = await openScreen({
      capture,
      context,
      file: path,
      filter,
      tables: new ScreenReader(thread),
      counting: new CountingThread(thread),
      follow: recording && wasJustWritten(path),
      first: first ?? (recording ? 'events' : null),
      colour: wantsColour(options.color),
    });
    if (code !== EXIT.OK) throw new Exit(code);
  } finally {
    capture.close();
  }
}

/** Its full name; null: none was asked for. Throws UsageError where there is none. */
async function screenOf(name: string | undefined): Promise<string | null> {
  if (name === undefined || name === 'events') return name ?? null;
  const { screenNamed } = await import('../tui/screens/index.ts');
  const screen = screenNamed(name);
  if (screen === null) throw new UsageError(`there is no screen called ${name}; v on the screen lists them all`);
  return screen.id;
}

/** A capture that nobody closed is followed only if somebody still writes to it. */
function wasJustWritten(path: string): boolean {
  return [path, `${path}-wal`].some((file) => Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < JUST_MS);
}

/** Throws UsageError, with what works instead, where there is no terminal that could show a screen. */
export function requireTerminal(instead: string): void {
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw new UsageError(`the screen needs a terminal; for lines use ${instead}`);
  if (process.env.TERM === 'dumb') throw new UsageError(`this terminal (TERM=dumb) cannot show a screen; for lines use ${instead}`);
}

/** https://no-color.org: any value but the empty one. */
export function wantsColour(when = 'auto'): boolean {
  if (when === 'always' || when === 'never') return when === 'always';
  if (when !== 'auto') throw new UsageError(`--color takes auto, always or never, not ${when}`);
  return (process.env.NO_COLOR ?? '') === '';
}

/** Before Ink is loaded: DEV would make it look for React's developer tools. */
export function prepareInk(): void {
  delete process.env.DEV;
  keepMemorySmall();
}
