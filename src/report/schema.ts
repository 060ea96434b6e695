/** A report's JSON as JSON Schema 2020-12: what a column says of its cells, in the words of that standard. */
import type { ColumnType, ReportId, Unit } from './report.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** A number that a double cannot hold is written in digits. */
const WHOLE = { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^-?[0-9]+$' }] };
const NUMBER = { anyOf: [{ type: 'number' }, { type: 'string', pattern: '^-?[0-9]+$' }] };

const VALUES: Readonly<Record<Exclude<Unit, 'record'>, Schema>> = {
  text: { type: 'string' },
  prose: { type: 'string' },
  code: { type: 'string' },
  num: WHOLE,
  count: WHOLE,
  number: NUMBER,
  bytes: NUMBER,
  ns: NUMBER,
  time: { type: 'string', pattern: '^-?[0-9]+$' },
  share: { type: 'number', minimum: 0, maximum: 1 },
  bool: { type: 'boolean' },
  payload: { type: 'string' },
  any: { type: ['string', 'number', 'boolean'] },
};

const UNIT_TEXT: Readonly<Partial<Record<Unit, string>>> = {
  num: 'number of an event',
  bytes: 'bytes',
  ns: 'ns',
  time: 'ns since 1970',
  share: '0 to 1',
  payload: 'base64, or text with dots for what is not printable',
};

interface Shape {
  /** Other properties may come: a lens' columns, fields that were asked for. */
  readonly open: boolean;
  /** A line is one of that report, too. */
  readonly base: ReportId | null;
}

const uri = (id: ReportId) => `urn:trowel:schema:${id}`;

/** The schema of one line of `--json`. */
export function schemaOf(id: ReportId, doc: string, columns: readonly ColumnType[], { open, base }: Shape): Schema {
  const definitions = new Definitions();
  const whole = definitions.objectOf(columns, open);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: uri(id),
    title: `trowel ${id} --json: one line`,
    description: doc,
    ...(base === null ? {} : { $ref: uri(base) }),
    ...whole,
    ...(definitions.found.size === 0 ? {} : { $defs: Object.fromEntries(definitions.found) }),
  };
}

/** Records that hold others of their kind are defined once and referred to. */
class Definitions {
  readonly found = new Map<string, Schema>();
  /** Records that are being written, by their columns. */
  readonly #open = new Map<readonly ColumnType[], { readonly name: string; again: boolean }>();

  objectOf(columns: readonly ColumnType[], open: boolean): Schema {
    const shown = columns.filter(({ audience }) => audience !== 'people');
    return {
      type: 'object',
      properties: Object.fromEntries(shown.map((column) => [column.name, this.#valueOf(column)])),
      required: shown.filter(({ optional }) => !optional).map(({ name }) => name),
      additionalProperties: open,
    };
  }

  #recordOf({ name, parts }: ColumnType): Schema {
    const before = this.#open.get(parts);
    const reference = (defined: string) => ({ $ref: `#/$defs/${defined}` });
    if (before !== undefined) {
      before.again = true;
      return reference(before.name);
    }
    const entry = { name, again: false };
    this.#open.set(parts, entry);
    const schema = this.objectOf(parts, false);
    this.#open.delete(parts);
    if (!entry.again) return schema;
    this.found.set(name, schema);
    return reference(name);
  }

  #valueOf(column: ColumnType): Schema {
    const { unit, many, nullable, doc, field } = column;
    const one: Schema = unit === 'record' ? this.#recordOf(column) : VALUES[unit];
    const list = { type: 'array', items: one };
    const forms: Schema[] = many ? [list] : field === null ? [one] : [one, list];
    if (nullable) forms.push({ type: 'null' });
    const text = [doc, UNIT_TEXT[unit]].filter((part) => part !== undefined && part !== '').join('; ');
    return { ...(text === '' ? {} : { description: text }), ...(forms.length === 1 ? forms[0] : { anyOf: forms }) };
  }
}
