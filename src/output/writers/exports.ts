/** What `trowel export` can write: one row and one file each. Nothing of it is loaded before it is asked for. */
import type { EventView } from '../../event/view.ts';
import type { Span } from '../../lens/spans.ts';
import { LOG_EVENTS } from '../otlp.ts';
import type { Writer } from './writer.ts';

interface Export<Of extends string, T> {
  readonly name: string;
  readonly doc: string;
  /** What its items are: events, or stretches of time. */
  readonly of: Of;
  readonly binary: boolean;
  /** Of events: which of them it is about; absent: all. */
  readonly filter?: string;
  readonly make: () => Promise<Writer<T>>;
}

export type EventExport = Export<'events', EventView>;
export type SpanExport = Export<'spans', Span>;

export const EXPORTS: readonly (EventExport | SpanExport)[] = [
  {
    name: 'jsonl',
    doc: 'one JSON object an event',
    of: 'events',
    binary: false,
    make: async () => new (await import('./json.ts')).JsonWriter('base64'),
  },
  {
    name: 'csv',
    doc: 'comma-separated values',
    of: 'events',
    binary: false,
    make: async () => new (await import('./csv.ts')).CsvWriter(),
  },
  {
    name: 'parquet',
    doc: 'columns for DuckDB, pandas, Spark',
    of: 'events',
    binary: true,
    make: async () => new (await import('./parquet.ts')).ParquetFile(),
  },
  {
    name: 'pcapng',
    doc: 'packets for Wireshark, rebuilt from socket payloads',
    of: 'events',
    binary: true,
    make: async () => new (await import('./pcapng.ts')).PcapngWriter(),
  },
  {
    name: 'scap',
    doc: 'events for sysdig, csysdig, Stratoshark and the Falco libraries',
    of: 'events',
    binary: true,
    make: async () => new (await import('./scap.ts')).ScapFile(),
  },
  {
    name: 'perfetto',
    doc: 'lookups, requests and waits on tracks of pods, processes and threads, for ui.perfetto.dev',
    of: 'spans',
    binary: true,
    make: async () => new (await import('./perfetto.ts')).PerfettoWriter(),
  },
  {
    name: 'otlp',
    doc: 'lookups, requests and waits as OpenTelemetry spans, in OTLP/JSON',
    of: 'spans',
    binary: false,
    make: async () => new (await import('./otlp.ts')).OtlpWriter(),
  },
  {
    name: 'otlp-logs',
    doc: 'what programs wrote to syslog, standard error and log files, as OpenTelemetry log records, in OTLP/JSON',
    of: 'events',
    binary: false,
    filter: LOG_EVENTS,
    make: async () => new (await import('./otlp-logs.ts')).OtlpLogsWriter(),
  },
];
