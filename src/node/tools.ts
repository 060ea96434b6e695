/** The tools that are asked: iproute2, iptables, nftables, conntrack-tools, ipvsadm. They only list. What is missing is noted once. */
import { spawnSync } from 'node:child_process';
import type { NodeMissing } from '../model/node.ts';

/** Where tools of the administrator lie, which a user's PATH may leave out. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 << 20;
/** Between what one tool printed and the next. */
const MARK = '\x1e';

/** `all`: with everything that is counted; `structure`: what changes when pods come and go. */
export type Depth = 'all' | 'structure';

/** A network namespace and a path by which it can be entered. */
export interface Namespace {
  readonly inode: number;
  readonly path: string;
}

/** Something that a tool is asked; `id` names it where it could not be answered. */
export interface ToolQuestion {
  readonly id: string;
  readonly command: readonly string[];
  readonly input?: string;
  /** The same for a shell that is there already; absent: the command. */
  readonly script?: string;
}

export class Tools {
  /** Namespace that this thread is in: nothing needs to be entered for it. */
  readonly #own: number;
  readonly #missing = new Map<string, string>();
  /** Answers that are there already, by namespace and question. */
  readonly #answers = new Map<string, string>();

  constructor(own: number) {
    this.#own = own;
  }

  get missing(): NodeMissing[] {
    return [...this.#missing].map(([id, reason]) => ({ id, reason }));
  }

  /** Whether this thread is in it, so that files show what is of it. */
  isOwn({ inode }: Namespace): boolean {
    return inode === this.#own;
  }

  miss(id: string, reason: string): void {
    if (!this.#missing.has(id)) this.#missing.set(id, reason);
  }

  /** What a tool prints within a namespace; null: it could not be had, which is noted. */
  ask(namespace: Namespace, { id, command, input = '' }: ToolQuestion): string | null {
    const known = this.#answers.get(`${namespace.inode} ${id}`);
    if (known !== undefined) return known;
    const { status, stdout, stderr, error } = start(this.#inside(namespace, command), input);
    if (error === undefined && status === 0) return stdout;
    this.miss(id, reasonOf(command[0]!, error, stderr));
    return null;
  }

  /** Asks the same of many namespaces, each entered once: that costs less than half of asking one by one. What fails is asked again when it is needed. */
  prepare(namespaces: readonly Namespace[], questions: readonly ToolQuestion[]): void {
    const others = namespaces.filter(({ inode }) => inode !== this.#own);
    if (others.length === 0) return;
    const enter = ({ inode, path }: Namespace) => `nsenter ${quoted(`--net=${path}`)} sh -c "$all" sh ${inode} 2>/dev/null\n`;
    const { stdout } = start(['sh'], `all=${quoted(questions.map(asked).join(''))}\n${others.map(enter).join('')}`);
    const parts = (stdout ?? '').split(MARK);
    for (let i = 1; i + 1 < parts.length; i++) {
      const end = parts[i]!.indexOf('\n');
      if (parts[i + 1]!.startsWith('ok\n')) this.#answers.set(parts[i]!.slice(0, end), parts[i]!.slice(end + 1));
    }
  }

  #inside({ inode, path }: Namespace, command: readonly string[]): readonly string[] {
    return inode === this.#own ? command : ['nsenter', `--net=${path}`, ...command];
  }
}

function start([file, ...args]: readonly string[], input: string) {
  return spawnSync(file!, args, { input, encoding: 'utf8', env: { PATH, LC_ALL: 'C' }, timeout: TIMEOUT_MS, maxBuffer: MAX_BYTES });
}

/** A question as lines of the shell that is in the namespace, whose inode it has as its argument. */
function asked({ id, command, input = '', script }: ToolQuestion): string {
  const words = script ?? command.map(quoted).join(' ');
  const text = input === '' || input.endsWith('\n') ? input : `${input}\n`;
  return `printf '${MARK}%s ${id}\\n' "$1"\n{ ${words}; } <<'${MARK}' && printf '${MARK}ok\\n'\n${text}${MARK}\n`;
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

function reasonOf(tool: string, error: Error | undefined, stderr: string | null): string {
  const text = (stderr ?? '').trim().split('\n')[0] ?? '';
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' || /failed to execute/.test(text)) return `${tool} is not installed`;
  const absent = /(\S+): (?:command )?not found$/.exec(text)?.[1];
  if (absent !== undefined) return `${absent} is not installed`;
  if (/reassociate|cannot open/.test(text)) return 'entering another network namespace needs CAP_SYS_ADMIN and CAP_SYS_PTRACE';
  if (/not permitted|denied|be root/i.test(text)) return `${tool} needs ${tool === 'dmesg' ? 'CAP_SYSLOG' : 'CAP_NET_ADMIN'}`;
  return text === '' ? `${tool} failed${error === undefined ? '' : `: ${error.message}`}` : `${tool}: ${text}`;
}
