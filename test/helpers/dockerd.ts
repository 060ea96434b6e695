/** A Docker daemon of the test’s own, without a network and with an image of one program. Of it only empty cgroups are left behind. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 30_000;
/** Reads a file, and is over 50 ms later. */
const PROGRAM = `#include <fcntl.h>
#include <unistd.h>
int main(void)
{
	char bytes[64];

	if (read(open("/etc/hostname", O_RDONLY), bytes, sizeof(bytes)) < 0)
		return 1;
	return usleep(50000);
}
`;

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Why there can be no daemon; null: one may be tried. */
export function noDocker(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = ['dockerd', 'docker', 'gcc', 'tar'].find((program) => !has(program));
  return missing === undefined ? null : `there is no ${missing}`;
}

export class Dockerd {
  readonly #folder = mkdtempSync(join(tmpdir(), 'trowel-dockerd-'));
  #process: ChildProcess | null = null;

  get socket(): string {
    return join(this.#folder, 'docker.sock');
  }

  /** False: it does not start on this machine. */
  async start(): Promise<boolean> {
    const own = ['data-root', 'exec-root', 'pidfile'].map((name) => `--${name}=${join(this.#folder, name)}`);
    const network = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'];
    // Lowering it, and overlays on overlays, need more than containers are given that run tests.
    const modest = ['--oom-score-adjust=0', '--storage-driver=vfs'];
    this.#process = spawn('dockerd', [...own, ...network, ...modest, '-H', `unix://${this.socket}`], { stdio: 'ignore' });
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(100)) {
      if (this.#process.exitCode !== null) return false;
      if (existsSync(this.socket) && this.#run(['version']).status === 0) return true;
    }
    return false;
  }

  async stop(): Promise<void> {
    const daemon = this.#process;
    if (daemon === null || daemon.exitCode !== null) return;
    const gone = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill('SIGTERM');
    await gone;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** An image that holds one program and a file for it. */
  makeImage(name: string): void {
    const root = join(this.#folder, 'root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    writeFileSync(join(root, 'etc/hostname'), 'here\n');
    writeFileSync(join(this.#folder, 'main.c'), PROGRAM);
    execFileSync('gcc', ['-static', '-o', join(root, 'quick'), join(this.#folder, 'main.c')]);
    const archive = execFileSync('tar', ['-C', root, '-c', '.'], { maxBuffer: 64 << 20 });
    const { status, stderr } = this.#run(['import', '-', name], archive);
    if (status !== 0) throw new Error(stderr.toString());
  }

  /** Words of a command that asks this daemon. */
  command(...args: string[]): string[] {
    return ['docker', '-H', `unix://${this.socket}`, ...args];
  }

  docker(...args: string[]): string {
    const { status, stdout, stderr } = this.#run(args);
    if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
    return stdout.toString().trim();
  }

  #run(args: readonly string[], input?: Buffer) {
    const [program, ...rest] = this.command(...args);
    return spawnSync(program!, rest, input === undefined ? {} : { input });
  }
}
