/** The questions that agents can ask, a row each. Answers are reports as programs get them, with what the capture cannot show. */
import type { Capture } from '../capture/capture.ts';
import { diagnose } from '../doctor/doctor.ts';
import { FIELDS } from '../event/fields/index.ts';
import type { CaptureContext } from '../event/view.ts';
import { explain } from '../explain/explain.ts';
import { compileFilter } from '../filter/compile.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { ask } from '../lens/ask.ts';
import { lookupsOf } from '../lens/dns.ts';
import { LENSES, lensNamed } from '../lens/index.ts';
import { LensError } from '../lens/lens.ts';
import { pidsOf } from '../lens/processes.ts';
import { MS } from '../model/time.ts';
import type { Json } from '../output/cell.ts';
import { rowJson } from '../output/cell.ts';
import { lookupReport } from '../output/reports/dns.ts';
import { doctorReport } from '../output/reports/doctor.ts';
import { eventColumns, eventReport, programColumns } from '../output/reports/events.ts';
import { explanationReport } from '../output/reports/explain.ts';
import { echoReport } from '../output/reports/lens.ts';
import { rowOf } from '../report/column.ts';
import { columnsFor, type Report } from '../report/report.ts';

/** A capture that is open for questions. */
export interface Opened {
  readonly capture: Capture;
  readonly context: CaptureContext;
}

export interface ToolArgs {
  readonly filter: string;
  readonly limit: number;
  readonly name: string;
  readonly words: readonly string[];
  readonly fields: readonly string[];
  readonly by: readonly string[];
  readonly measure: readonly string[];
  readonly pid: number | null;
  readonly event: number | null;
  readonly overMs: number;
}

export interface Tool {
  readonly name: string;
  readonly doc: string;
  /** Names of the arguments that it takes; ARGUMENTS says what they are. */
  readonly takes: readonly (keyof typeof ARGUMENTS)[];
  readonly needs: readonly (keyof typeof ARGUMENTS)[];
  readonly run: (opened: Opened, args: ToolArgs) => readonly Json[];
}

export const ARGUMENTS = {
  filter: { type: 'string', description: 'in the filter language, such as k8s.ns.name=shop and evt.failed=true; see the tool fields' },
  limit: { type: 'integer', minimum: 1, maximum: 1000, description: 'most rows (default 100)' },
  name: { type: 'string', description: 'of the lens; without one: all lenses' },
  words: { type: 'array', items: { type: 'string' }, description: 'arguments of the lens' },
  by: { type: 'array', items: { type: 'string' }, description: 'of a lens that ranks, such as events: fields to group by' },
  measure: {
    type: 'array',
    items: { type: 'string' },
    description: 'of such a lens: what to measure: count, bytes, time, errors, p95, distinct(FIELD), sum(FIELD) …',
  },
  fields: { type: 'array', items: { type: 'string' }, description: 'fields to read, such as evt.num, proc.name' },
  pid: { type: 'integer', description: 'explain this process' },
  event: { type: 'integer', description: 'explain what went on around this event' },
  over_ms: { type: 'number', description: 'waits count from so many milliseconds on (default 100)' },
} as const;

export const TOOLS: readonly Tool[] = [
  {
    name: 'explain',
    doc: 'Where the time went and why: the costliest wait or failure, its critical path, causes with cost, confidence, fixes, and the numbers of the events that show it.',
    takes: ['filter', 'pid', 'event', 'over_ms'],
    needs: [],
    run: ({ capture, context }, { filter, pid, event, overMs }) => {
      const pids = filter === '' ? null : pidsOf(capture, compileFilter(filter, context));
      const request = { over: overMs * MS, pids, ...(pid === null ? {} : { pid }), ...(event === null ? {} : { event }) };
      return json(explanationReport(explain(capture, request), capture.epoch), 1);
    },
  },
  {
    name: 'dns',
    doc: 'Name lookups of clients: what was tried, which servers were asked, search suffixes, waste. One object a lookup.',
    takes: ['filter', 'limit'],
    needs: [],
    run: ({ capture, context }, { filter, limit }) =>
      json(lookupReport(lookupsOf(capture, compileFilter(filter, context)), capture.dims, capture.epoch), limit),
  },
  {
    name: 'lens',
    doc: 'A named question to the capture: who read and wrote most, which calls were slow, HTTP requests, connections … Without a name: the list of lenses.',
    takes: ['name', 'words', 'filter', 'by', 'measure', 'limit'],
    needs: [],
    run: runLens,
  },
  {
    name: 'read',
    doc: 'Events that match a filter, in their order, with the fields that are asked for.',
    takes: ['filter', 'fields', 'limit'],
    needs: [],
    run: runRead,
  },
  {
    name: 'doctor',
    doc: 'What is wrong with the node’s network: services without endpoints, drops, full tables, dead DNS servers … One object a finding, with evidence and fixes; what could not be looked at is the last.',
    takes: ['limit'],
    needs: [],
    run: runDoctor,
  },
  {
    name: 'fields',
    doc: 'Fields of the filter language: name, type, meaning, an example. `filter` here is a text that name or meaning contains.',
    takes: ['filter', 'limit'],
    needs: [],
    run: (_, { filter, limit }) =>
      FIELDS.filter(({ name, doc }) => `${name} ${doc}`.includes(filter))
        .slice(0, limit)
        .map(({ name, type, doc, example }) => ({ name, type, doc, example })),
  },
];

/** All items as objects, up to a limit. */
function json<T>(report: Report<T>, limit: number): Json[] {
  const columns = columnsFor(report, 'programs');
  const lines: Json[] = [];
  for (const item of report.items) {
    lines.push(rowJson(columns, rowOf(columns, item), { epoch: report.epoch, bytesAs: 'text' }));
    if (lines.length >= limit) break;
  }
  return lines;
}

function runLens({ capture, context }: Opened, { name, words, filter, by, measure, limit }: ToolArgs): readonly Json[] {
  if (name === '') return LENSES.map(({ name: called, args, doc, chisels }) => ({ name: called, args, doc, chisels }));
  const lens = lensNamed(name);
  if (lens === null) throw new LensError(`there is no lens called ${name}`);
  if (words.length !== lens.args.length)
    throw new LensError(`${lens.name} takes ${lens.args.length === 0 ? 'no words' : `as words: ${lens.args.join(', ')}`}`);
  const instead = { most: limit, ...(by.length === 0 ? {} : { by }), ...(measure.length === 0 ? {} : { measures: measure }) };
  const look = ask({ lens, words, filter, instead }, capture, context);
  return look.kind === 'table' ? json(look, limit) : json(echoReport(look.blocks, capture.epoch, {}), limit);
}

function runDoctor({ capture }: Opened, { limit }: ToolArgs): readonly Json[] {
  const { unseen, ...diagnosis } = diagnose(capture);
  const findings = json(doctorReport({ unseen, ...diagnosis }, capture.epoch), limit);
  return [...findings, { checks: diagnosis.checks, events: diagnosis.events, unseen: [...unseen] }];
}

function runRead({ capture, context }: Opened, { filter, fields, limit }: ToolArgs): readonly Json[] {
  const compiled = compileFilter(filter, context);
  const bounds = fields.map(fieldNamed);
  const columns = bounds.length === 0 ? programColumns() : eventColumns(bounds);
  function* items() {
    for (const { chunk, selection, n } of capture.select(compiled))
      for (let k = 0; k < n; k++) yield compiled.view.at(chunk, selection[k]!);
  }
  return json(eventReport(columns, items(), capture.epoch), limit);
}
