/** The commands that show events, and their options. */
import type { Command } from 'commander';
import { count, repeated } from './option-values.ts';

export function eventCommands(trowel: Command): void {
  readCommand(trowel);
  liveCommand(trowel);
  openCommand(trowel);
}

function readCommand(trowel: Command): void {
  trowel
    .command('read <file> [filter...]')
    .description('print events as lines')
    .option('-p, --format <format>', 'what to print: %field between text; k and c name sysdig’s lines for pods and containers')
    .option(
      '-t, --time <form>',
      'times: h time of day, a seconds since 1970, r since the start, d how long the call took, D since the line before',
    )
    .option('-A, --ascii', 'payloads as text')
    .option('-x, --hex', 'payloads in hexadecimal')
    .option('-X, --hex-ascii', 'payloads in hexadecimal and as text')
    .option('-b, --base64', 'payloads in base64')
    .option('-v, --verbose', 'payloads in full, where a line has room for 80 bytes')
    .option('-j, --json', 'one JSON object a line')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .option('--fields <list>', 'fields to print, with commas between')
    .option('-n, --limit <n>', 'end after so many events', count)
    .option('--count', 'print how many match')
    .option('-q, --quiet', 'print no events')
    .option('--summary', 'print at the end which kinds of events there were, and how many')
    .option('--from <time>', 'only events from this time on: seconds since the start, a date, or -15m before the end')
    .option('--to <time>', 'only events up to this time')
    .option('--around <num[:ms]>', 'only events within some milliseconds of event NUM')
    .option('--exit-code', 'exit 3 when nothing matches')
    .option('--explain-filter', 'show how the filter runs')
    .action(async (file: string, words: string[], options) => (await import('./read.ts')).read(file, words.join(' '), options));
}

function liveCommand(trowel: Command): void {
  trowel
    .command('live [filter...]')
    .description('record this node and look at it on the screen at the same time')
    .option('-w, --write <file>', 'keep the capture (default: it is gone when the screen closes)')
    .option('--only <filter>', 'record nothing but what matches; the other filter can be changed on the screen')
    .option('--on <filter>', 'stop following at the first event that matches, and mark it; what came before it is recorded, too')
    .option('--store <address>', 'send what is recorded to a store, too: clickhouse://HOST:8123/DATABASE')
    .option('-s, --snaplen <n>', 'payload bytes kept of one operation', count, 80)
    .option('--wait-over <span>', 'record blocking waits from this duration on', '1ms')
    .option('--no-latency', 'do not measure how long calls take')
    .option('--cgroup <path>', 'only what runs in this cgroup or below; may be repeated', repeated)
    .option('--kubeconfig <file>', 'names from the Kubernetes API that this file leads to')
    .option('-k, --api <url>', 'names from the Kubernetes API at this URL')
    .option('--cri <socket>', 'names from this container runtime (default: where it usually listens)')
    .option('--docker <socket>', 'names from this Docker (default: /var/run/docker.sock)')
    .option('--no-k8s', 'look for no names but those in the cgroups')
    .option('--no-net', 'leave out what the kernel says of connections: retransmissions, resets, dropped packets')
    .action(async (words: string[], options) => (await import('./live.ts')).live(words.join(' '), { ...trowel.opts(), ...options }));
}

function openCommand(trowel: Command): void {
  trowel
    .command('open <file> [filter...]')
    .description('look at a capture on the screen; trowel FILE does the same')
    .option('--screen <name>', 'begin with this screen, such as dns or events (default: the findings, where there are any)')
    .action(async (file: string, words: string[], options) =>
      (await import('./open.ts')).open(file, words.join(' '), { ...trowel.opts(), ...options }),
    );
}
