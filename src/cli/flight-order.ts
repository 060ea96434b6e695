/** Has what the ring keeps saved, and what was saved uploaded, by processes of their own: the recording does not wait. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { atOrdinaryPriority } from '../collector/priority.ts';
import { giveFile, invokingUser, type User } from '../store/owner.ts';
import { whyNotAs } from './broker/give-up-root.ts';
import type { SaveOrder } from './flight-save.ts';
import type { UploadOrder } from './flight-upload.ts';
import { NO_DEBUGGER } from './no-debugger.ts';

/** Where the explanation of a saved capture is. */
export function explanationOf(path: string): string {
  return path.replace(/\.trowel$/, '.md');
}

/** Gives what went wrong; null: nothing did. */
export async function saveElsewhere(order: SaveOrder): Promise<string | null> {
  const explanation = explanationOf(order.path);
  try {
    rmSync(explanation, { force: true });
    const out = openSync(explanation, 'wx', 0o600);
    const failure = await explained(order, out);
    if (failure !== null) rmSync(explanation, { force: true });
    return failure;
  } catch (error) {
    return (error as Error).message;
  }
}

async function explained(order: SaveOrder, out: number): Promise<string | null> {
  try {
    giveFile(out);
    return await carryOut('flight-save', order, dirname(order.path), out);
  } catch (error) {
    return (error as Error).message;
  } finally {
    closeSync(out);
  }
}

/** Gives what went wrong; null: nothing did. */
export function uploadElsewhere(order: UploadOrder): Promise<string | null> {
  return carryOut('flight-upload', order, dirname(order.paths[0]!), 'ignore').catch((error: Error) => error.message);
}

/** As who used sudo, where they can: it needs no privilege, and reads what others' programs said. */
async function carryOut(command: string, order: object, folder: string, stdout: number | 'ignore'): Promise<string | null> {
  const user = invokingUser();
  return run(command, JSON.stringify(order), stdout, user !== null && whyNotAs(user, folder) === null ? user : null);
}

/** A group of its own: the Ctrl-C that ends the recording is not for it. */
async function run(command: string, input: string, stdout: number | 'ignore', user: User | null): Promise<string | null> {
  const child = atOrdinaryPriority(() =>
    spawn(process.execPath, [NO_DEBUGGER, process.argv[1]!, command], { stdio: ['pipe', stdout, 'pipe'], detached: true, ...user }),
  );
  const over = new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('exit', (status) => resolve(status ?? -1));
  });
  let said = '';
  // Without descriptors there are no pipes, and why comes as the error.
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  child.stdin?.on('error', () => {}); // it ended before it had read: its code says so
  child.stdin?.end(input);
  const code = await over;
  return code === 0 ? null : said.trim().replace(/^trowel: /, '') || `its process ended with ${code}`;
}
