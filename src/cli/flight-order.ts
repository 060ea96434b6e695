/** Has what the ring keeps saved by a process of its own (`flight-save`): the recording does not wait. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import type { SaveOrder } from './flight-save.ts';

/** Where the explanation of a saved capture is. */
export function explanationOf(path: string): string {
  return path.replace(/\.trowel$/, '.md');
}

/** Gives what went wrong; null: nothing did. */
export async function saveElsewhere(order: SaveOrder): Promise<string | null> {
  const explanation = explanationOf(order.path);
  rmSync(explanation, { force: true });
  const out = openSync(explanation, 'wx', 0o600);
  try {
    const child = spawn(process.execPath, [process.argv[1]!, 'flight-save'], { stdio: ['pipe', out, 'pipe'] });
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
    });
    child.stdin!.on('error', () => {}); // it ended before it had read: its code says so
    child.stdin!.end(JSON.stringify(order));
    const code = await new Promise<number>((resolve) => {
      child.on('error', () => resolve(-1)).on('exit', (status) => resolve(status ?? -1));
    });
    return code === 0 ? null : said.trim() || `its process ended with ${code}`;
  } finally {
    closeSync(out);
  }
}
