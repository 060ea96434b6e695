/** The tools that are asked: iproute2, iptables, nftables, conntrack-tools, ipvsadm. They only list. What is missing is noted once. */
import { spawnSync } from 'node:child_process';
import type { NodeMissing } from '../model/node.ts';

/** Where tools of the administrator lie, which a user's PATH may leave out. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 32 << 20;

export class Tools {
  /** Namespace that this thread is in: nothing needs to be entered for it. */
  readonly #own: number;
  readonly #missing = new Map<string, string>();

  constructor(own: number) {
    this.#own = own;
  }

  get missing(): NodeMissing[] {
    return [...this.#missing].map(([id, reason]) => ({ id, reason }));
  }

  miss(id: string, reason: string): void {
    if (!this.#missing.has(id)) this.#missing.set(id, reason);
  }

  /** What a tool prints within a namespace; null: it could not be had, which is noted under `id`. */
  run(id: string, namespace: Namespace, command: readonly string[], input = ''): string | null {
    const inside = namespace.inode === this.#own ? command : ['nsenter', `--net=${namespace.path}`, ...command];
    const { status, stdout, stderr, error } = spawnSync(inside[0]!, inside.slice(1), {
      input,
      encoding: 'utf8',
      env: { PATH, LC_ALL: 'C' },
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_BYTES,
    });
    if (error === undefined && status === 0) return stdout;
    this.miss(id, reasonOf(command[0]!, error, stderr));
    return null;
  }
}

/** A network namespace and a path by which it can be entered. */
export interface Namespace {
  readonly inode: number;
  readonly path: string;
}

function reasonOf(tool: string, error: Error | undefined, stderr: string | null): string {
  const text = (stderr ?? '').trim().split('\n')[0] ?? '';
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' || /No such file or directory$/.test(text))
    return `${tool} is not installed`;
  if (/reassociate|Operation not permitted|Permission denied/i.test(text))
    return /reassociate|cannot open/.test(text)
      ? 'entering another network namespace needs CAP_SYS_ADMIN and CAP_SYS_PTRACE'
      : `${tool} needs CAP_NET_ADMIN: ${text}`;
  return text === '' ? `${tool} failed${error === undefined ? '' : `: ${error.message}`}` : `${tool}: ${text}`;
}
