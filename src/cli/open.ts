/** `trowel open`: the screen on a capture. */
import { compileFilter } from '../filter/compile.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import { contextOf, openCapture } from './open-capture.ts';

export interface OpenOptions {
  readonly color?: string;
}

export async function open(path: string, filter: string, options: OpenOptions): Promise<void> {
  requireTerminal(`trowel read ${path}`);
  const capture = openCapture(path);
  try {
    const context = contextOf(capture, capture.meta.state === 'recording');
    compileFilter(filter, context); // a mistake must show before the screen does
    prepareInk();
    const { openScreen } = await import('../tui/open.tsx');
    const code = await openScreen({ capture, context, file: path, filter, colour: wantsColour(options.color) });
    if (code !== EXIT.OK) throw new Exit(code);
  } finally {
    capture.close();
  }
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

/** DEV would make Ink look for React's developer tools. */
export function prepareInk(): void {
  delete process.env.DEV;
}
