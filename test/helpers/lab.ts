/** A laboratory with the faults of a cluster's network, where there is one beside the project. */
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { newPath, recordMeanwhile, whyNot } from '../live/recording.ts';

export const LAB = resolve('../shared/lab/critical-app/lab');
const TOOLS = ['iptables', 'nginx', 'dnsmasq', 'curl', 'openssl', 'ip', 'bridge', 'nsenter'];

/** Why there is none; null: there is. */
export function whyNoLab(): string | null {
  if (!existsSync(LAB)) return 'there is no ../shared/lab/critical-app';
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`]).status !== 0);
  return missing.length > 0 ? `needs ${missing.join(', ')}` : whyNot();
}

/** Requests of several kinds at once, for some seconds. */
const TRAFFIC = `
end=$(( $(date +%s) + SECONDS_OF_TRAFFIC ))
again() { while [ $(date +%s) -lt $end ]; do "$@"; sleep 0.3; done; }
(LAB_TIMEOUT=3 again "$LAB" curl backend) &
(LAB_TIMEOUT=3 again "$LAB" curl report) &
(LAB_TIMEOUT=4 again "$LAB" curl report/large) &
(again "$LAB" exec client curl -sS -o /dev/null --max-time 2 http://10.3.0.214/) &
(LAB_TIMEOUT=3 LAB_FROM=report again "$LAB" curl report) &
wait; exit 0`;

/** Host-wide: it is to be tried while no other laboratory is up. */
export const ALONE = 'conntrack-full';

export class Lab {
  readonly env: NodeJS.ProcessEnv;
  #api: ChildProcess | null = null;
  #port = 0;

  constructor(readonly id: string) {
    this.env = { ...process.env, LAB, LAB_ID: id, LAB_STATE: `/var/lib/${id}`, LAB_QUIET: '1', NODE: process.execPath };
    this.env.PATH = `${resolve('.node/bin')}:${this.env.PATH}:/usr/sbin:/sbin`;
  }

  up(): void {
    this.down();
    this.run('up');
  }

  /** With its API server, and an upstream DNS server that answers. */
  async upWithApi(): Promise<void> {
    this.#port = await freePort();
    this.env.LAB_API_PORT = String(this.#port);
    this.up();
    this.run('fault', 'upstream-drop', 'off');
    this.#api = spawn(LAB, ['api'], { env: this.env, stdio: 'ignore' });
  }

  down(): void {
    this.#api?.kill();
    this.run('down');
  }

  run(...args: string[]): void {
    execFileSync(LAB, args, { env: this.env, stdio: 'ignore' });
  }

  /** Does something while a fault is there; '' is none. */
  async during<Result>(fault: string, work: () => Promise<Result>): Promise<Result> {
    const turn = async (way: 'on' | 'off') => {
      if (fault !== '') await promisify(execFile)(LAB, ['fault', fault, way], { env: this.env });
    };
    await turn('on');
    try {
      return await work();
    } finally {
      await turn('off');
    }
  }

  /** Records one of its nodes during traffic, or a command. Gives the capture's path. */
  async record(node: string, command: string = TRAFFIC): Promise<string> {
    const path = newPath();
    const options = ['--netns', `${this.id}-${node}`, '-k', `http://127.0.0.1:${this.#port}`];
    const env = { ...this.env, SECONDS_OF_TRAFFIC: '6' };
    await recordMeanwhile(['bash', '-c', `{ ${command}\n} >/dev/null 2>&1`], options, path, env);
    return path;
  }
}

/** Several laboratories for tests that run at once: each takes one that is free, and gives it back. */
export class Labs {
  readonly #free: Lab[];

  constructor(readonly all: readonly Lab[]) {
    this.#free = [...all];
  }

  async use<Result>(work: (lab: Lab) => Promise<Result>): Promise<Result> {
    const lab = this.#free.pop();
    if (lab === undefined) throw new Error(`more than ${this.all.length} tests at once`);
    try {
      return await work(lab);
    } finally {
      this.#free.push(lab);
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? found(address.port) : failed(new Error('no port'))));
    });
  });
}
