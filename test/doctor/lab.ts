/** A laboratory with the faults of a cluster's network, where there is one beside the project. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { BIN, newPath, whyNot } from '../live/recording.ts';

const LAB = resolve('../shared/lab/critical-app/lab');
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

export class Lab {
  readonly id = `dr${process.pid}`;
  readonly #env: NodeJS.ProcessEnv;
  #api: ChildProcess | null = null;
  #port = 0;

  constructor() {
    this.#env = { ...process.env, LAB, LAB_ID: this.id, LAB_STATE: `/var/lib/${this.id}`, LAB_QUIET: '1', NODE: process.execPath };
    this.#env.PATH = `${resolve('.node/bin')}:${this.#env.PATH}:/usr/sbin:/sbin`;
  }

  async up(): Promise<void> {
    this.#port = await freePort();
    this.#env.LAB_API_PORT = String(this.#port);
    this.run('down');
    this.run('up');
    this.run('fault', 'upstream-drop', 'off');
    this.#api = spawn(LAB, ['api'], { env: this.#env, stdio: 'ignore' });
  }

  down(): void {
    this.#api?.kill();
    this.run('down');
  }

  run(...args: string[]): void {
    execFileSync(LAB, args, { env: this.#env, stdio: 'ignore' });
  }

  /** Records one of its nodes during traffic, or a command. Gives the capture's path. */
  record(node: string, command: string = TRAFFIC, options: readonly string[] = []): string {
    const path = newPath();
    const args = ['record', '-w', path, '--netns', `${this.id}-${node}`, '-k', `http://127.0.0.1:${this.#port}`, ...options];
    const { status, stderr } = spawnSync(BIN, [...args, '--', 'bash', '-c', `{ ${command}\n} >/dev/null 2>&1`], {
      encoding: 'utf8',
      env: { ...this.#env, SECONDS_OF_TRAFFIC: '6' },
      timeout: 120_000,
    });
    if (status !== 0) throw new Error(`trowel record ended with ${status}:\n${stderr}`);
    return path;
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
