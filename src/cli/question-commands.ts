/** The commands that answer questions about captures, and their options. */
import type { Command } from 'commander';
import { count, repeated } from './option-values.ts';

export function questionCommands(trowel: Command): void {
  diffCommand(trowel);
  dnsCommand(trowel);
  explainCommand(trowel);
  lensCommand(trowel);
  traceStringCommand(trowel);
  doctorCommand(trowel);
  netCommand(trowel);
  infoCommand(trowel);
}

function diffCommand(trowel: Command): void {
  trowel
    .command('diff <first> <second>')
    .description('the same request in two captures, such as a good and a bad one: the steps of its path side by side')
    .option('--pid <pid>', 'the process in the first (default: the costliest story)', count)
    .option('--other-pid <pid>', 'the process in the second', count)
    .option('--over <span>', 'waits count from this duration on', '100ms')
    .option('-n, --limit <n>', 'end after so many steps', count)
    .option('-j, --json', 'one JSON object a step')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .action(async (first: string, second: string, options) => (await import('./diff.ts')).diff(first, second, options));
}

function dnsCommand(trowel: Command): void {
  trowel
    .command('dns <file> [filter...]')
    .description('name lookups: attempts, search suffixes, servers, waste')
    .option('-j, --json', 'one JSON object a lookup')
    .option('--csv', 'as comma-separated values')
    .action(async (file: string, words: string[], options) => (await import('./dns.ts')).dns(file, words.join(' '), options));
}

function explainCommand(trowel: Command): void {
  trowel
    .command('explain <file> [filter...]')
    .description('where the time went: what was waited for, who was slow, what to do')
    .option('--pid <pid>', 'explain this process', count)
    .option('--pod <ns/name>', 'explain what waited in this pod')
    .option('--end <pid>', 'explain how this process ended', count)
    .option('--event <num>', 'explain what went on around event NUM', count)
    .option('--at <time>', 'explain who waited at this time, seconds since the start')
    .option('--list', 'the ten most costly stories, each with the command that opens it')
    .option('--from <time>', 'only what waited after this time: seconds since the start, a date, or -15m before the end')
    .option('--to <time>', 'only what waited before this time')
    .option('--over <span>', 'waits count from this duration on', '100ms')
    .option('-j, --json', 'as one JSON object')
    .option('--markdown', 'as a report to paste into a ticket')
    .action(async (file: string, words: string[], options) => (await import('./explain.ts')).explain(file, words.join(' '), options));
}

function lensCommand(trowel: Command): void {
  trowel
    .command('lens [words...]')
    .usage('[options] NAME [ARGUMENT] FILE [FILTER]')
    .description('a named question: who has most of something, what was read and written, what was slow')
    .option('-l, --list', 'list the lenses, or those that are named')
    .option('--by <fields>', 'group by these fields, with commas between')
    .option(
      '--measure <list>',
      'measure count, distinct(FIELD), bytes, bytes.in, bytes.out, time, errors, min, avg, p50, p95, max, sum(FIELD), first, last',
    )
    .option('--from <time>', 'only of events from this time on: seconds since the start, a date, or -15m before the end')
    .option('--to <time>', 'only of events up to this time')
    .option(
      '--at <time>',
      'ps, tree, lsof, netstat, containers, pods: as it was then (seconds since the start, a date, or -5s before the end)',
    )
    .option('--live', 'ask a recording that begins now, without a FILE; what streams is printed as it comes, the rest at the end')
    .option('-M, --seconds <n>', 'with --live: end after so many seconds (else at Ctrl-C)', count)
    .option('-p, --format <k|c>', 'names of pods or containers beside what is shown')
    .option('-j, --json', 'one JSON object a line')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .option('-X, --hex', 'payloads in hexadecimal')
    .option('-b, --base64', 'payloads in base64')
    .option('-n, --limit <n>', 'end after so many rows', count)
    .action(async (words: string[], options) => (await import('./lens.ts')).lens(words, options));
}

function traceStringCommand(trowel: Command): void {
  trowel
    .command('trace-string <file> <string> [filter...]')
    .description('who wrote, read or asked for a string: files, sockets, DNS, command lines')
    .option('-j, --json', 'one JSON object a line')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .option('--exit-code', 'exit 3 when nothing is found')
    .action(async (file: string, text: string, words: string[], options) =>
      (await import('./trace-string.ts')).traceString(file, text, words.join(' '), options),
    );
}

function doctorCommand(trowel: Command): void {
  trowel
    .command('doctor [file]')
    .description('what is wrong with the network: of a capture, or of this node right now')
    .option('-l, --list', 'list the checks')
    .option('--check <id>', 'only what this check finds; may be repeated', repeated)
    .option('--for <span>', 'without a file: how long to record', '10s')
    .option('--netns <netns>', 'without a file: the network namespace that counts as the node’s')
    .option('--kubeconfig <file>', 'without a file: names of pods and services from this cluster')
    .option('-k, --api <url>', 'without a file: names from the Kubernetes API at this URL')
    .option('--exit-code', 'exit 1 when something is wrong')
    .option('-j, --json', 'one JSON object a finding')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .action(async (file: string | undefined, options) => (await import('./doctor.ts')).doctor(file, options));
}

function netCommand(trowel: Command): void {
  trowel
    .command('net <file> [what]')
    .description('the node’s network: pods, services, endpoints, links, routes, conntrack, sysctls, rules, sockets')
    .option('--at <time>', 'as it was at this time, seconds since the start (default: at the end)')
    .option('-j, --json', 'one JSON object a line')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .action(async (file: string, what: string | undefined, options) => (await import('./net.ts')).net(file, what, options));
}

function infoCommand(trowel: Command): void {
  trowel
    .command('info <file>')
    .description('what is in a capture')
    .option('-j, --json', 'as JSON')
    .option('--csv', 'as comma-separated values')
    .action(async (file: string, options) => (await import('./info.ts')).info(file, options));
}
