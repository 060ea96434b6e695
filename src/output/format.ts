/** `-p FORMAT`: `%field` or `%<width>field` between other text, as sysdig takes it. */
import type { BoundField } from '../event/fields/field.ts';
import type { EventView } from '../event/view.ts';
import { findField } from '../filter/find-field.ts';
import { sanitize, sanitizeLines } from './printable.ts';
import { fieldText } from './value.ts';

type Piece = { readonly text: string } | { readonly bound: BoundField; readonly width: number };

/** Names of headers have hyphens; behind other names one is text, as in `%proc.name-%proc.pid`. */
const FIELD = /%(-?[0-9]+)?(http\.header\.[a-zA-Z0-9_-]+|[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_]+)*)(?:\[([^\]]*)\])?/g;

/** What `-p` names: sysdig's own lines, verbatim. */
export const NAMED_FORMATS: Readonly<Record<string, string>> = {
  c: '*%evt.num %evt.outputtime %evt.cpu %container.name (%container.id) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info',
  container:
    '*%evt.num %evt.outputtime %evt.cpu %container.name (%container.id) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info',
  k: '*%evt.num %evt.outputtime %evt.cpu %k8s.pod.name (%container.id) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info',
  kubernetes:
    '*%evt.num %evt.outputtime %evt.cpu %k8s.pod.name (%container.id) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info',
};

export const DEFAULT_FORMAT = '*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.latency.human %evt.info';

/** A line's text with places for fields. */
export class LineFormat {
  /** What stands in its places, in their order. */
  readonly bounds: readonly BoundField[];
  /** Payloads may break the line. */
  readonly multiline: boolean;
  readonly #pieces: readonly Piece[];

  /** Throws FilterError for a field that does not exist. A leading `*`, sysdig's "even if a field is missing", changes nothing. */
  constructor(format: string, multiline = false) {
    this.multiline = multiline;
    this.#pieces = parseFormat(format.startsWith('*') ? format.slice(1) : format);
    this.bounds = this.#pieces.flatMap((piece) => ('bound' in piece ? [piece.bound] : []));
  }

  /** `textOf`: what stands in the n-th place, not yet harmless. */
  filled(textOf: (place: number) => string): string {
    const harmless = this.multiline ? sanitizeLines : sanitize;
    let line = '';
    let place = 0;
    for (const piece of this.#pieces) line += 'text' in piece ? piece.text : fitted(harmless(textOf(place++)), piece.width);
    return line;
  }

  /** An event's line. `timeText`: what %evt.outputtime stands for. */
  line(view: EventView, timeText: string): string {
    return this.filled((place) => {
      const bound = this.bounds[place]!;
      return bound.field.name === 'evt.outputtime' ? timeText : fieldText(bound, view);
    });
  }
}

function parseFormat(format: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const found of format.matchAll(FIELD)) {
    const [whole, width, name, arg] = found;
    if (found.index > at) pieces.push({ text: unescaped(format.slice(at, found.index)) });
    const end = found.index + whole.length;
    const start = found.index + whole.indexOf(name!);
    const { bound } = findField({ kind: 'field', name: name!, arg: arg ?? null, start, end }, format);
    pieces.push({ bound, width: Number(width ?? 0) });
    at = end;
  }
  if (at < format.length) pieces.push({ text: unescaped(format.slice(at)) });
  return pieces;
}

function unescaped(text: string): string {
  return text.replaceAll('%%', '%').replaceAll('\\n', '\n').replaceAll('\\t', '\t');
}

/** Padded and cut to a width; negative: to the right; 0: as it is. */
function fitted(value: string, width: number): string {
  if (width === 0) return value;
  const size = Math.abs(width);
  const cut = value.slice(0, size);
  return width > 0 ? cut.padEnd(size) : cut.padStart(size);
}
