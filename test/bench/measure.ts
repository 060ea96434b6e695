/** CPU time of this process and of children, and how it is printed. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** ns of CPU (user + system) that `work` takes; the least of `repeats`, since neighbours only ever add. */
export function cpuNs(repeats: number, work: () => void): number {
  let least = Infinity;
  for (let i = 0; i < repeats; i++) {
    globalThis.gc?.();
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) * 1000);
  }
  return least;
}

/** One line: what, how much, and against which budget. */
export function report(what: string, value: number, unit: string, budget?: number): void {
  const verdict = budget === undefined ? '' : value <= budget ? `  within ${budget} ${unit}` : `  OVER the budget of ${budget} ${unit}`;
  console.log(`  ${what.padEnd(58)} ${value.toFixed(value < 10 ? 2 : 1).padStart(9)} ${unit}${verdict}`);
}

/** Stops the benchmark when an answer is wrong: a fast wrong answer is worth nothing. */
export function assertEqual<T>(found: T, wanted: T, what: string): void {
  if (found !== wanted) throw new Error(`${what}: ${String(found)}, not ${String(wanted)}`);
}

const TICK_MS = 10;

/** ms of CPU (user + system) of a command and all that it waits for; throws when it fails. To 10 ms. */
export function childCpuMs(command: string, args: readonly string[], cwd?: string): number {
  const before = childTicks();
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 30, cwd });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return (childTicks() - before) * TICK_MS;
}

/** The most memory that a command held, KiB; null where time(1) is not installed. */
export function childPeakKib(command: string, args: readonly string[]): number | null {
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', command, ...args], { encoding: 'utf8' });
  return status === 0 ? Number(stderr.trim().split('\n').at(-1)) : null;
}

/** cutime + cstime of this process: fields 16 and 17 of proc(5)'s stat, counted behind the name in brackets. */
function childTicks(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return fields[13]! + fields[14]!;
}

/** ms of CPU (user + system) of another process so far: fields 14 and 15 of proc(5)'s stat. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** MiB of another process's own memory, without the pages of files. */
export const rssAnonMib = (pid: number): number => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
