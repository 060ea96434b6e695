/** Matching events as lines. */

import type { Match } from '../capture/select.ts';
import { outputTime } from '../event/fields/evt.ts';
import type { Field } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { DEFAULT_FORMAT, LineFormat, NAMED_FORMATS } from '../output/format.ts';
import { JsonFormat } from '../output/json.ts';
import { asciiText, hexDump } from '../output/printable.ts';
import { columnFields, summaryText } from './columns.ts';
import { EXIT, Exit, UsageError } from './exit.ts';
import type { Out } from './out.ts';

/** What is printed of an event, and of how many. */
export interface PrintOptions {
  readonly format?: string;
  readonly time?: string;
  readonly ascii?: boolean;
  readonly hex?: boolean;
  readonly hexAscii?: boolean;
  readonly base64?: boolean;
  readonly json?: boolean;
  readonly fields?: string;
  readonly limit?: number;
  readonly count?: boolean;
  readonly exitCode?: boolean;
}

/** How one event becomes a line, and which fields that takes. */
interface Line {
  readonly text: (view: EventView) => string;
  readonly fields: readonly Field[];
  /** It tells of an event's DNS message. */
  readonly dns: boolean;
}

/** Prints matching events, or counts them, up to a limit. */
export class Printer {
  readonly #view: EventView;
  readonly #options: PrintOptions;
  readonly #out: Out;
  readonly #line: Line | null;
  #matched = 0;

  constructor({ view }: CompiledFilter, options: PrintOptions, out: Out) {
    this.#view = view;
    this.#options = options;
    this.#out = out;
    this.#line = options.count === true ? null : lineOf(view, options);
  }

  get fields(): readonly Field[] {
    return this.#line?.fields ?? [];
  }

  get showsDns(): boolean {
    return this.#line?.dns ?? false;
  }

  /** False: that is enough. */
  print({ chunk, selection, n }: Match): boolean {
    if (this.#line === null) {
      this.#matched += n;
      return true;
    }
    const limit = this.#options.limit ?? Infinity;
    const { text } = this.#line;
    for (let k = 0; k < n && this.#matched < limit; k++, this.#matched++) this.#out.line(text(this.#view.at(chunk, selection[k]!)));
    return this.#matched < limit;
  }

  /** Writes what is still to be written. */
  flush(): void {
    this.#out.flush();
  }

  /** Throws Exit where nothing matched and that was to be told. */
  end(): void {
    if (this.#line === null) this.#out.line(String(this.#matched));
    if (this.#matched === 0 && this.#options.exitCode === true) throw new Exit(EXIT.NOTHING_MATCHED);
  }
}

function lineOf(view: EventView, options: PrintOptions): Line {
  setPayloadText(view, options);
  const fields = options.fields === undefined ? null : columnFields(options.fields);
  if (options.json === true) {
    const json = new JsonFormat(fields, options.base64 === true ? 'base64' : 'text');
    return { text: (event) => json.line(event), fields: json.fields, dns: false };
  }
  const time = timeOf(options.time ?? 'a');
  const named = options.format === undefined ? undefined : NAMED_FORMATS[options.format];
  const wanted = fields === null ? (named ?? options.format ?? DEFAULT_FORMAT) : fields.map(({ label }) => `%${label}`).join('\t');
  const multiline = options.ascii === true || options.hex === true || options.hexAscii === true;
  const format = new LineFormat(wanted, multiline);
  const summarise = options.format === undefined && fields === null;
  const written = (event: EventView) => format.line(event, time(event));
  const text = summarise ? (event: EventView) => written(event) + summaryText(event) : written;
  return { text, fields: format.fields, dns: summarise };
}

function setPayloadText(view: EventView, options: PrintOptions): void {
  if (options.base64 === true) view.payloadText = (bytes) => Buffer.from(bytes).toString('base64');
  else if (options.hexAscii === true) view.payloadText = (bytes) => `\n${hexDump(bytes, true).join('\n')}\n`;
  else if (options.hex === true) view.payloadText = (bytes) => `\n${hexDump(bytes, false).join('\n')}\n`;
  else if (options.ascii === true) view.payloadText = (bytes) => `\n${asciiText(bytes)}\n`;
}

function timeOf(form: string): (view: EventView) => string {
  if (form !== 'a' && form !== 'r' && form !== 'd' && form !== 'D') throw new UsageError(`-t takes a, r, d or D, not ${form}`);
  let printedBefore: number | null = null;
  return (view) => {
    const text = outputTime(view, form, printedBefore);
    printedBefore = view.time;
    return text;
  };
}
