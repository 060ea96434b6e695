/** The command line: which command, with which options. What a command does is in a file of its own, loaded only then. */
import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ReaderGone } from '../output/sink.ts';
import { say } from '../output/stderr.ts';
import type { Completable } from './completion.ts';
import type { Given } from './define.ts';
import { EXIT, reportError, UsageError } from './exit.ts';
import { count, repeated } from './option-values.ts';
import { recordingCommands } from './recording-commands.ts';
import { together } from './several.ts';
import { storeCommands } from './store-commands.ts';
import { VERSION } from './version.ts';

const debug = process.argv.includes('--debug');

/** Builds the table of commands. `after`: the words behind `--`. */
function program(after: readonly string[]): Command {
  const given: Given[] = [];
  const trowel = new Command('trowel')
    .description('Record what a Kubernetes node did with its sockets, DNS and files; replay it; know why a request was slow.')
    .version(VERSION, '-V, --version')
    .option('--debug', 'show where an error came from')
    .option('--color <when>', 'auto, always or never')
    .option('--define <name=filter>', 'a named filter, or a list, for the filters of this command; may be repeated', (text) =>
      given.push({ kind: 'define', text }),
    )
    .option('--defines <file>', 'the same from a file, also of Falco’s macros and lists', (text) => given.push({ kind: 'defines', text }))
    .option('--node <name>', 'of several captures: only those of this node; may be repeated', repeated)
    .option('--only-ns <name>', 'of a store: only what is of this namespace; may be repeated', repeated)
    .showSuggestionAfterError()
    .configureOutput({ writeErr: (text) => say(text.trimEnd()) })
    .exitOverride();

  recordingCommands(trowel, after);

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

  trowel
    .command('live [filter...]')
    .description('record this node and look at it on the screen at the same time')
    .option('-w, --write <file>', 'keep the capture (default: it is gone when the screen closes)')
    .option('--only <filter>', 'record nothing but what matches; the other filter can be changed on the screen')
    .option('--on <filter>', 'stop following at the first event that matches, and mark it; what came before it is recorded, too')
    .option('-s, --snaplen <n>', 'payload bytes kept of one operation', count, 80)
    .option('--wait-over <span>', 'record blocking waits from this duration on', '1ms')
    .option('--no-latency', 'do not measure how long calls take')
    .option('--cgroup <path>', 'only what runs in this cgroup or below; may be repeated', (path: string, all: string[] = []) => [
      ...all,
      path,
    ])
    .option('--kubeconfig <file>', 'names from the Kubernetes API that this file leads to')
    .option('-k, --api <url>', 'names from the Kubernetes API at this URL')
    .option('--cri <socket>', 'names from this container runtime (default: where it usually listens)')
    .option('--docker <socket>', 'names from this Docker (default: /var/run/docker.sock)')
    .option('--no-k8s', 'look for no names but those in the cgroups')
    .option('--no-net', 'leave out what the kernel says of connections: retransmissions, resets, dropped packets')
    .action(async (words: string[], options) => (await import('./live.ts')).live(words.join(' '), { ...trowel.opts(), ...options }));

  trowel
    .command('open <file> [filter...]')
    .description('look at a capture on the screen; trowel FILE does the same')
    .option('--screen <name>', 'begin with this screen, such as dns or events (default: the findings, where there are any)')
    .action(async (file: string, words: string[], options) =>
      (await import('./open.ts')).open(file, words.join(' '), { ...trowel.opts(), ...options }),
    );

  trowel
    .command('import <file> [filter...]')
    .description('write what matches to a capture of its own')
    .option('-w, --write <file>', 'capture to write')
    .option('-n, --limit <n>', 'end after so many events', count)
    .option('-M, --seconds <n>', 'only the first seconds', count)
    .action(async (file: string, words: string[], options) => (await import('./import.ts')).importFile(file, words.join(' '), options));

  trowel
    .command('export <file> [filter...]')
    .description('to other tools: Wireshark, Perfetto, OpenTelemetry, Parquet, CSV, JSON lines')
    .requiredOption('--format <format>', 'jsonl, csv, parquet, pcapng, scap, perfetto, otlp, otlp-logs')
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .option('--fields <list>', 'of jsonl, csv and parquet: fields to write, with commas between')
    .option('--over <span>', 'of perfetto and otlp: calls that took as long as this are waits', '1ms')
    .option('--to <url>', 'of otlp and otlp-logs: send to a collector, such as http://127.0.0.1:4318 or grpc://127.0.0.1:4317')
    .action(async (file: string, words: string[], options) => (await import('./export.ts')).exportCapture(file, words.join(' '), options));

  trowel
    .command('sql <file> [query]')
    .description('a capture as SQL tables, read-only; without a query: the tables and their columns')
    .option('--filter <filter>', 'only events that match, in the filter language')
    .option('-j, --json', 'one JSON object a row')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .option('-n, --limit <n>', 'end after so many rows', count)
    .action(async (file: string, text: string | undefined, options) => (await import('./sql.ts')).sql(file, text ?? '', options));

  trowel
    .command('slice <file> [filter...]')
    .description('a part of a capture as a capture: what matches, or what a verdict of explain cites')
    .requiredOption('-w, --write <file>', 'capture to write')
    .option('--story <n>', 'the events that the n-th story of explain --list cites', count)
    .option('--over <span>', 'waits count from this duration on', '100ms')
    .action(async (file: string, words: string[], options) => (await import('./slice.ts')).slice(file, words.join(' '), options));

  trowel
    .command('scrub <file>')
    .description('a capture that can be given away: secrets in texts and arguments redacted, addresses under other names')
    .requiredOption('-w, --write <file>', 'capture to write')
    .option('--payloads <rule>', 'text: redact what is text and drop the rest; drop: all; keep: none', 'text')
    .option('--no-addresses', 'leave addresses as they are')
    .action(async (file: string, options) => (await import('./scrub.ts')).scrubCapture(file, options));

  trowel
    .command('mcp <files...>')
    .description('questions to captures as tools for agents (Model Context Protocol), over standard input and output')
    .option('--raw', 'do not redact secrets')
    .action(async (files: string[], options) => (await import('./mcp.ts')).mcp(files, options));

  trowel
    .command('metrics <file> [filter...]')
    .description('calls, errors, bytes, lookups and requests by pod, as Prometheus text')
    .action(async (file: string, words: string[]) => (await import('./metrics.ts')).metrics(file, words.join(' ')));

  trowel
    .command('report <file> [filter...]')
    .description('one HTML page that needs nothing else: stories, evidence, timeline, tables; secrets redacted')
    .requiredOption('-o, --output <file>', 'page to write')
    .option('--over <span>', 'waits count from this duration on', '100ms')
    .action(async (file: string, words: string[], options) => (await import('./report.ts')).report(file, words.join(' '), options));

  trowel
    .command('merge <first> <second>')
    .description('captures of two nodes on one time line, the offset of their clocks from connections between them')
    .requiredOption('-w, --write <file>', 'capture to write')
    .action(async (first: string, second: string, options) => (await import('./merge.ts')).mergeCaptures(first, second, options.write));

  storeCommands(trowel);

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

  trowel
    .command('repair <file>')
    .description('what can still be read of a damaged capture, as a capture of its own')
    .requiredOption('-w, --write <file>', 'capture to write')
    .action(async (file: string, options) => (await import('./repair.ts')).repairFile(file, options));

  trowel
    .command('annotate <packets> <file>')
    .description('packets of a pcap or pcapng with the process and the pod of each end as comments')
    .requiredOption('-o, --output <file>', 'pcapng to write')
    .action(async (packets: string, file: string, options) => (await import('./annotate.ts')).annotate(packets, file, options.output));

  trowel
    .command('dns <file> [filter...]')
    .description('name lookups: attempts, search suffixes, servers, waste')
    .option('-j, --json', 'one JSON object a lookup')
    .option('--csv', 'as comma-separated values')
    .action(async (file: string, words: string[], options) => (await import('./dns.ts')).dns(file, words.join(' '), options));

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

  trowel
    .command('lens [words...]')
    .usage('[options] NAME [ARGUMENT] FILE [FILTER]')
    .description('a named question: who has most of something, what was read and written, what was slow')
    .option('-l, --list', 'list the lenses')
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
    .option('-p, --format <k|c>', 'names of pods or containers before what was read and written')
    .option('-j, --json', 'one JSON object a line')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .option('-X, --hex', 'payloads in hexadecimal')
    .option('-b, --base64', 'payloads in base64')
    .option('-n, --limit <n>', 'end after so many rows', count)
    .action(async (words: string[], options) => (await import('./lens.ts')).lens(words, options));

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

  trowel
    .command('doctor [file]')
    .description('what is wrong with the network: of a capture, or of this node right now')
    .option('-l, --list', 'list the checks')
    .option('--check <id>', 'only what this check finds; may be repeated', (id: string, all: string[] = []) => [...all, id])
    .option('--for <span>', 'without a file: how long to record', '10s')
    .option('--netns <netns>', 'without a file: the network namespace that counts as the node’s')
    .option('--kubeconfig <file>', 'without a file: names of pods and services from this cluster')
    .option('-k, --api <url>', 'without a file: names from the Kubernetes API at this URL')
    .option('--exit-code', 'exit 1 when something is wrong')
    .option('-j, --json', 'one JSON object a finding')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .action(async (file: string | undefined, options) => (await import('./doctor.ts')).doctor(file, options));

  trowel
    .command('net <file> [what]')
    .description('the node’s network: pods, services, endpoints, links, routes, conntrack, sysctls, rules, sockets')
    .option('--at <time>', 'as it was at this time, seconds since the start (default: at the end)')
    .option('-j, --json', 'one JSON object a line')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .action(async (file: string, what: string | undefined, options) => (await import('./net.ts')).net(file, what, options));

  trowel
    .command('info <file>')
    .description('what is in a capture')
    .option('-j, --json', 'as JSON')
    .option('--csv', 'as comma-separated values')
    .action(async (file: string, options) => (await import('./info.ts')).info(file, options));

  trowel
    .command('fields')
    .description('every field of the filter language')
    .option('-j, --json', 'one JSON object a field')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a table for documents')
    .action(async (options) => (await import('./fields.ts')).fields(options));

  trowel
    .command('sysdig')
    .description('sysdig’s options, and what becomes of them here')
    .option('-j, --json', 'one JSON object an option')
    .option('--markdown', 'as a table for documents')
    .action(async (options) => (await import('./sysdig.ts')).sysdig(options));

  trowel
    .command('schema [report]')
    .description('what --json prints, as JSON Schema')
    .action(async (name: string | undefined) => (await import('./schema.ts')).schema(name));

  trowel
    .command('completion <shell>')
    .description('print the completion script for bash, zsh or fish')
    .action(async (shell: string) => (await import('./completion.ts')).completion(shell));

  trowel
    .command('man')
    .description('print the manual page: trowel man | man -l -')
    .action(async () => (await import('./man.ts')).man(trowel));

  trowel
    .command('version')
    .description('print the version')
    .action(() => {
      process.stdout.write(`${VERSION}\n`);
    });

  trowel.hook('preAction', async () => {
    const { node, onlyNs } = trowel.opts<{ node?: string[]; onlyNs?: string[] }>();
    if (onlyNs !== undefined) (await import('./nodes.ts')).chooseNamespaces(onlyNs);
    if (node !== undefined) (await import('./nodes.ts')).chooseNodes(node);
    if (given.length > 0) (await import('./define.ts')).defineAll(given);
  });
  for (const command of trowel.commands) command.exitOverride();
  return trowel;
}

function completable(command: Command): Completable {
  const names = command.registeredArguments.map((argument) => argument.name());
  return {
    name: command.name(),
    options: command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []),
    file: names.includes('file'),
    filter: names.includes('filter'),
  };
}

/** `complete LINE WORD`, for the scripts of `trowel completion`: not a command to be typed, and its words may look like options. */
async function complete(line: string, word: string): Promise<number> {
  const { candidates } = await import('./completion.ts');
  const found = candidates(line, word, program([]).commands.map(completable));
  process.stdout.write(found.map((text) => `${text}\n`).join(''));
  return EXIT.OK;
}

/** Whether an option is one that stands before our commands; sysdig's may have the same name. */
const isOurs = ({ options }: Command, word: string): boolean =>
  word === '-h' || word === '--help' || options.some(({ short, long }) => word === short || word.split('=', 1)[0] === long);

/** Whether a command asks one capture, for which several may stand. */
const takesFile = (trowel: Command, name: string): boolean =>
  name === 'lens' || trowel.commands.find((command) => command.name() === name)!.registeredArguments[0]?.name() === 'file';

/** Runs one command line (without the program's own name) and gives the exit code. */
async function run(words: readonly string[]): Promise<number> {
  if (words[0] === 'complete') return complete(words[1] ?? '', words[2] ?? '');
  const split = words.indexOf('--');
  const [own, after] = split < 0 ? [words, []] : [words.slice(0, split), words.slice(split + 1)];
  const trowel = program(after);
  const known = trowel.commands.some((command) => command.name() === own[0]);
  if (own.length === 0) {
    if (process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb')
      await (await import('./start.ts')).start({}, () => trowel.outputHelp());
    else trowel.outputHelp();
    return EXIT.OK;
  }
  if (
    !known &&
    own[0] !== undefined &&
    !own[0].startsWith('-') &&
    own[0] !== 'help' &&
    !existsSync(own[0]) &&
    !own[0].startsWith('clickhouse://')
  ) {
    throw new UsageError(`there is no command and no file called ${own[0]}: trowel --help lists the commands`);
  }
  if (own[0]!.startsWith('-') && !isOurs(trowel, own[0]!)) {
    const { isSysdigs, translate } = await import('./sysdig-args.ts');
    if (isSysdigs(own[0]!)) return run([...translate(own), ...words.slice(own.length)]);
  }
  const named = known && takesFile(trowel, own[0]!) ? together(own) : own;
  const command = known || own[0]!.startsWith('-') || own[0] === 'help' ? named : ['open', ...own];
  await trowel.parseAsync([...command], { from: 'user' });
  return EXIT.OK;
}

process.stderr.on('error', () => {}); // nobody hears; what is done is done all the same
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.OK); // the reader has seen enough
  throw error;
});

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    else if (error instanceof ReaderGone) process.exitCode = EXIT.OK;
    else process.exitCode = reportError(error, debug);
  },
);
