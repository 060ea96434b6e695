/** Questions to captures as tools of the Model Context Protocol. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, type CallToolResult, ListToolsRequestSchema, type Tool as Told } from '@modelcontextprotocol/sdk/types.js';
import { FilterError } from '../filter/error.ts';
import type { Json } from '../output/cell.ts';
import { jsonText } from '../output/printable.ts';
import { ARGUMENTS, type Opened, TOOLS, type Tool, type ToolArgs } from './tools.ts';

const USUAL_LIMIT = 100;
const USUAL_OVER_MS = 100;
/** Characters: an agent reads no more, and is told. */
const LONGEST = 200_000;

export interface ServerOptions {
  readonly version: string;
  /** Captures by the names that agents use. */
  readonly captures: ReadonlyMap<string, Opened>;
  /** What is done with every text of an answer. */
  readonly text: (text: string) => string;
}

export function mcpServer(options: ServerOptions): Server {
  const server = new Server(
    { name: 'trowel', version: options.version },
    { capabilities: { tools: {} }, instructions: instructions(options) },
  );
  const files = [...options.captures.keys()];
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS.map((tool) => told(tool, files)) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => call(params.name, params.arguments ?? {}, options));
  return server;
}

const instructions = ({ captures }: ServerOptions) =>
  `Recordings of system calls, network, DNS and files of Kubernetes nodes: ${[...captures.keys()].join(', ')}. Begin with explain. ` +
  'Every statement has numbers of events that show it: read them with the tool read and the filter evt.num=N. ' +
  'blind_spots says what a recording cannot show: what is not there may only not have been seen.';

function told({ name, doc, takes, needs }: Tool, files: readonly string[]): Told {
  const properties = Object.fromEntries(takes.map((key) => [key, ARGUMENTS[key]]));
  const file = { type: 'string', enum: files, description: `which recording (default ${files[0]})` };
  return {
    name,
    description: doc,
    inputSchema: { type: 'object', properties: { file, ...properties }, required: [...needs], additionalProperties: false },
    annotations: { readOnlyHint: true, openWorldHint: false },
  };
}

function call(name: string, given: Readonly<Record<string, unknown>>, { captures, text }: ServerOptions): CallToolResult {
  try {
    const tool = TOOLS.find((one) => one.name === name);
    if (tool === undefined) throw new Error(`there is no tool ${name}`);
    const file = typeof given.file === 'string' ? given.file : [...captures.keys()][0]!;
    const opened = captures.get(file);
    if (opened === undefined) throw new Error(`there is no recording ${file}; there are: ${[...captures.keys()].join(', ')}`);
    check(tool, given);
    return answered(opened, tool.run(opened, argsOf(given)), text);
  } catch (error) {
    const message = error instanceof FilterError ? error.render() : (error as Error).message;
    return { isError: true, content: [{ type: 'text', text: message }] };
  }
}

/** An argument that a tool does not take, or cannot, is no wish that may be passed over. Throws Error. */
function check({ name, takes }: Tool, given: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(given)) {
    if (key === 'file') continue;
    const known = takes.find((one) => one === key);
    if (known === undefined) throw new Error(`${name} takes no ${key}; it takes file, ${takes.join(', ')}`);
    const { type } = ARGUMENTS[known];
    const fits = type === 'array' ? Array.isArray(value) : type === 'string' ? typeof value === 'string' : Number.isFinite(value);
    if (!fits) throw new Error(`${key} is ${type === 'string' ? 'a text' : type === 'array' ? 'a list of texts' : 'a number'}`);
  }
}

function argsOf(given: Readonly<Record<string, unknown>>): ToolArgs {
  const text = (key: string) => (typeof given[key] === 'string' ? given[key] : '');
  const number = (key: string) => (typeof given[key] === 'number' ? given[key] : null);
  const texts = (key: string) => (Array.isArray(given[key]) ? given[key].map(String) : []);
  return {
    filter: text('filter'),
    limit: Math.min(1000, Math.max(1, number('limit') ?? USUAL_LIMIT)),
    name: text('name'),
    words: texts('words'),
    fields: texts('fields'),
    by: texts('by'),
    measure: texts('measure'),
    pid: number('pid'),
    event: number('event'),
    overMs: number('over_ms') ?? USUAL_OVER_MS,
  };
}

function answered({ capture }: Opened, rows: readonly Json[], text: (text: string) => string): CallToolResult {
  const spots = capture.blindSpots.map(({ id, what, usual }) => ({ id, what, usual }));
  const safe = rows.map((row) => mapped(row, text));
  let kept = safe.length;
  let body = '';
  do {
    const more = kept < safe.length ? { left_out: safe.length - kept } : {};
    body = jsonText({ rows: safe.slice(0, kept), ...more, lost_events: capture.losses.events, blind_spots: mapped(spots, text) });
    kept = Math.floor(kept / 2);
  } while (body.length > LONGEST && kept > 0);
  return { content: [{ type: 'text', text: body }] };
}

/** Every text in a value, changed. */
function mapped(value: Json, text: (text: string) => string): Json {
  if (typeof value === 'string') return text(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => mapped(one, text));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one, text)]));
}
