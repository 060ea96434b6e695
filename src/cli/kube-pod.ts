/**
 * Within the pod of `kubectl trowel`: `run` records and then waits for its capture to be fetched, `stop` ends the recording, `send`
 * writes the capture to standard output, `fetched` lets the pod end. What they tell each other are files.
 */
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { steadyNow } from '../model/steady.ts';
import { say } from '../output/stderr.ts';
import { EXIT, UsageError } from './exit.ts';
import { CAPTURE, FOLDER } from './kube-job.ts';
import { RECORDER_FLAGS } from './memory.ts';

/** What the pod's log says when the recording is over, with its exit code. */
export const OVER = /^kube-pod: over, code ([0-9]+)$/;
const LOOK_MS = 200;
/** A capture that nobody fetches goes with the pod. */
const FETCH_MS = 300_000;

/** Gives the exit code. */
export async function kubePod([what, ...args]: readonly string[], folder = FOLDER): Promise<number> {
  if (what === 'run') return run(args, folder);
  if (what === 'stop' || what === 'fetched') writeFileSync(join(folder, what), '');
  else if (what === 'send') await send();
  else throw new UsageError('kube-pod takes run, stop, send or fetched');
  return EXIT.OK;
}

async function run(args: readonly string[], folder: string): Promise<number> {
  const recorder = spawn(process.execPath, [...RECORDER_FLAGS, process.argv[1]!, 'record', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<number>((resolve) => {
    recorder.on('error', () => resolve(EXIT.FAILED)).on('exit', (code) => resolve(code ?? EXIT.FAILED));
  });
  const stop = () => void recorder.kill('SIGTERM');
  let isOver = false;
  const onSignal = () => (isOver ? process.exit(EXIT.FAILED) : stop());
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  const timer = setInterval(() => {
    if (!existsSync(join(folder, 'stop'))) return;
    clearInterval(timer);
    stop();
  }, LOOK_MS);
  const code = await exited;
  clearInterval(timer);
  isOver = true;
  say(`kube-pod: over, code ${code}`);
  for (const end = steadyNow() + FETCH_MS; !existsSync(join(folder, 'fetched')) && steadyNow() < end; ) await sleep(LOOK_MS);
  return code;
}

async function send(): Promise<void> {
  for await (const piece of createReadStream(CAPTURE)) {
    if (!process.stdout.write(piece as Buffer)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}
