/** `trowel` alone on a terminal: what one may want to do first. */
import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '../model/package-root.ts';
import type { Choice } from '../tui/picker.ts';
import { live } from './live.ts';
import { open, prepareInk, wantsColour } from './open.ts';
import { VERSION } from './version.ts';

/** Captures of a folder that are offered. */
const MOST_CAPTURES = 12;

interface Start extends Choice {
  run(): Promise<void>;
}

export async function start(options: { readonly color?: string }, help: () => void): Promise<void> {
  const starts = [
    ...captureStarts('.', options),
    liveStart(options),
    ...captureStarts(join(packageRoot(), 'captures'), options),
    helpStart(help),
  ];
  prepareInk();
  const { pick } = await import('../tui/pick.tsx');
  const chosen = await pick(`Trowel ${VERSION}: what happened on a Kubernetes node, event by event`, starts, wantsColour(options.color));
  if (chosen !== null) await starts[chosen]!.run();
}

/** Captures of a folder, the newest first. */
function captureStarts(folder: string, options: { readonly color?: string }): Start[] {
  const files = capturesIn(folder).map((path) => ({ path, stat: statSync(path) }));
  files.sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs);
  return files.slice(0, MOST_CAPTURES).map(({ path, stat }) => {
    const name = relative('.', path);
    return {
      text: `Open ${name}  (${(stat.size / 1024).toFixed(0)} KiB, ${agoText(Date.now() - stat.mtimeMs)})`,
      beside: `trowel open ${name}`,
      off: null,
      run: () => open(path, '', options),
    };
  });
}

function capturesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.trowel'))
      .map((name) => join(folder, name));
  } catch {
    return []; // a folder that cannot be read offers nothing
  }
}

function liveStart(options: { readonly color?: string }): Start {
  const off = process.getuid?.() === 0 ? null : 'recording needs root: sudo trowel live';
  return { text: 'Record this node and look at it live', beside: 'trowel live', off, run: () => live('', options) };
}

function helpStart(help: () => void): Start {
  return { text: 'All commands', beside: 'trowel help', off: null, run: async () => help() };
}

/** `5 min ago`. */
function agoText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} days ago`;
}
