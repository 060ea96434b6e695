/** The commands that make something else of a capture: another capture, other tools’ files, a page. */
import type { Command } from 'commander';
import { count } from './option-values.ts';

export function makingCommands(trowel: Command): void {
  importCommand(trowel);
  exportCommand(trowel);
  sqlCommand(trowel);
  sliceCommand(trowel);
  scrubCommand(trowel);
  mcpCommand(trowel);
  metricsCommand(trowel);
  reportCommand(trowel);
  mergeCommand(trowel);
  repairCommand(trowel);
  annotateCommand(trowel);
}

function importCommand(trowel: Command): void {
  trowel
    .command('import <file> [filter...]')
    .description('write what matches to a capture of its own')
    .option('-w, --write <file>', 'capture to write')
    .option('-n, --limit <n>', 'end after so many events', count)
    .option('-M, --seconds <n>', 'only the first seconds', count)
    .action(async (file: string, words: string[], options) => (await import('./import.ts')).importFile(file, words.join(' '), options));
}

function exportCommand(trowel: Command): void {
  trowel
    .command('export <file> [filter...]')
    .description('to other tools: Wireshark, Perfetto, OpenTelemetry, Parquet, CSV, JSON lines')
    .requiredOption('--format <format>', 'jsonl, csv, parquet, pcapng, scap, perfetto, otlp, otlp-logs')
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .option('--fields <list>', 'of jsonl, csv and parquet: fields to write, with commas between')
    .option('--over <span>', 'of perfetto and otlp: calls that took as long as this are waits', '1ms')
    .option('--to <url>', 'of otlp and otlp-logs: send to a collector, such as http://127.0.0.1:4318 or grpc://127.0.0.1:4317')
    .action(async (file: string, words: string[], options) => (await import('./export.ts')).exportCapture(file, words.join(' '), options));
}

function sqlCommand(trowel: Command): void {
  trowel
    .command('sql <file> [query]')
    .description('a capture as SQL tables, read-only; without a query: the tables and their columns')
    .option('--filter <filter>', 'only events that match, in the filter language')
    .option('-j, --json', 'one JSON object a row')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a Markdown table')
    .option('-n, --limit <n>', 'end after so many rows', count)
    .action(async (file: string, text: string | undefined, options) => (await import('./sql.ts')).sql(file, text ?? '', options));
}

function sliceCommand(trowel: Command): void {
  trowel
    .command('slice <file> [filter...]')
    .description('a part of a capture as a capture: what matches, or what a verdict of explain cites')
    .requiredOption('-w, --write <file>', 'capture to write')
    .option('--story <n>', 'the events that the n-th story of explain --list cites', count)
    .option('--over <span>', 'waits count from this duration on', '100ms')
    .action(async (file: string, words: string[], options) => (await import('./slice.ts')).slice(file, words.join(' '), options));
}

function scrubCommand(trowel: Command): void {
  trowel
    .command('scrub <file>')
    .description('a capture that can be given away: secrets in texts and arguments redacted, addresses under other names')
    .requiredOption('-w, --write <file>', 'capture to write')
    .option('--payloads <rule>', 'text: redact what is text and drop the rest; drop: all; keep: none', 'text')
    .option('--no-addresses', 'leave addresses as they are')
    .action(async (file: string, options) => (await import('./scrub.ts')).scrubCapture(file, options));
}

function mcpCommand(trowel: Command): void {
  trowel
    .command('mcp <files...>')
    .description('questions to captures as tools for agents (Model Context Protocol), over standard input and output')
    .option('--raw', 'do not redact secrets')
    .action(async (files: string[], options) => (await import('./mcp.ts')).mcp(files, options));
}

function metricsCommand(trowel: Command): void {
  trowel
    .command('metrics <file> [filter...]')
    .description('calls, errors, bytes, lookups and requests by pod, as Prometheus text')
    .action(async (file: string, words: string[]) => (await import('./metrics.ts')).metrics(file, words.join(' ')));
}

function reportCommand(trowel: Command): void {
  trowel
    .command('report <file> [filter...]')
    .description('one HTML page that needs nothing else: stories, evidence, timeline, tables; secrets redacted')
    .requiredOption('-o, --output <file>', 'page to write')
    .option('--over <span>', 'waits count from this duration on', '100ms')
    .action(async (file: string, words: string[], options) => (await import('./report.ts')).report(file, words.join(' '), options));
}

function mergeCommand(trowel: Command): void {
  trowel
    .command('merge <first> <second>')
    .description('captures of two nodes on one time line, the offset of their clocks from connections between them')
    .requiredOption('-w, --write <file>', 'capture to write')
    .action(async (first: string, second: string, options) => (await import('./merge.ts')).mergeCaptures(first, second, options.write));
}

function repairCommand(trowel: Command): void {
  trowel
    .command('repair <file>')
    .description('what can still be read of a damaged capture, as a capture of its own')
    .requiredOption('-w, --write <file>', 'capture to write')
    .action(async (file: string, options) => (await import('./repair.ts')).repairFile(file, options));
}

function annotateCommand(trowel: Command): void {
  trowel
    .command('annotate <packets> <file>')
    .description('packets of a pcap or pcapng with the process and the pod of each end as comments')
    .requiredOption('-o, --output <file>', 'pcapng to write')
    .action(async (packets: string, file: string, options) => (await import('./annotate.ts')).annotate(packets, file, options.output));
}
