/** kubectl as a program: it has the credentials, and who may use it may use us. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** ms for what answers at once. */
const TIMEOUT_MS = 60_000;
const MOST_SAID = 16 << 20;

/** What kubectl refused, in its own words. */
export class KubectlError extends Error {
  override readonly name = 'KubectlError';
}

export class Kubectl {
  readonly #program: string;
  readonly #options: readonly string[];

  /** `options`: which cluster, as kubectl calls it. */
  constructor(options: readonly string[], program = process.env.KUBECTL ?? 'kubectl') {
    this.#program = program;
    this.#options = options;
  }

  /** What it printed. Throws KubectlError. */
  async run(args: readonly string[], input = ''): Promise<string> {
    const child = this.start(args);
    const late = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    child.stdin!.on('error', () => {}); // it ended before it had read: its code says so
    child.stdin!.end(input);
    let said = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.length > MOST_SAID) child.kill('SIGKILL');
    });
    try {
      await ended(child, args);
    } finally {
      clearTimeout(late);
    }
    return said;
  }

  /** What it prints, into a new file. Throws KubectlError. */
  async into(path: string, args: readonly string[]): Promise<void> {
    const child = this.start(args);
    child.stdin!.end();
    const written = pipeline(child.stdout!, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    await Promise.all([written, ended(child, args)]);
  }

  /** Of a group of its own: the Ctrl-C that is for us is not for it. */
  start(args: readonly string[]): ChildProcess {
    return spawn(this.#program, [...this.#options, ...args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  }
}

/** Throws KubectlError where it ended badly, or could not be started. */
export async function ended(child: ChildProcess, args: readonly string[]): Promise<void> {
  let complaint = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', ({ message }) => reject(new KubectlError(`kubectl could not be started: ${message}`)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new KubectlError(`kubectl ${args.slice(0, 2).join(' ')}: ${complaint.trim() || `it ended with ${code}`}`));
    });
  });
}
