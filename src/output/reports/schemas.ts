/** The schemas of all reports, as docs/schema publishes them. */
import { FIELDS } from '../../event/fields/index.ts';
import { columnType, unitOfField } from '../../report/column.ts';
import type { ColumnType, ReportId } from '../../report/report.ts';
import { type Schema, schemaOf } from '../../report/schema.ts';
import { LOOKUP_DOC, lookupColumns } from './dns.ts';
import { CHECK_COLUMNS, CHECKS_DOC, DOCTOR_COLUMNS, DOCTOR_DOC } from './doctor.ts';
import { EXPLAIN_COLUMNS, EXPLAIN_DOC, STORIES_COLUMNS } from './explain.ts';
import { FIELD_COLUMNS, FIELDS_DOC } from './fields.ts';
import { INFO_COLUMNS, INFO_DOC } from './info.ts';
import { ECHO_COLUMNS, ECHO_DOC, LENS_DOC, LENSES_COLUMNS, LENSES_DOC } from './lens.ts';
import { NET_SCHEMAS } from './net.ts';
import { SYSDIG_COLUMNS, SYSDIG_DOC } from './sysdig.ts';
import { TRACE_COLUMNS, TRACE_DOC } from './trace-string.ts';

interface SchemaRow {
  readonly doc: string;
  readonly columns: readonly ColumnType[];
  /** Other properties may come. */
  readonly open?: boolean;
  /** It is one of those, too. */
  readonly base?: ReportId;
}

const EVENT_DOC = 'one event, by the fields that were asked for: -p, --fields, or those that are shown of its own accord';

const SCHEMAS: Readonly<Record<ReportId, SchemaRow>> = {
  events: { doc: EVENT_DOC, columns: fieldTypes(), open: true },
  dns: { doc: LOOKUP_DOC, columns: lookupColumns(null) },
  stories: { doc: 'the costliest stories, each as explain tells it', columns: STORIES_COLUMNS },
  explain: { doc: EXPLAIN_DOC, columns: EXPLAIN_COLUMNS },
  lens: { doc: LENS_DOC, columns: [], open: true, base: 'events' },
  lenses: { doc: LENSES_DOC, columns: LENSES_COLUMNS },
  echo: { doc: ECHO_DOC, columns: ECHO_COLUMNS },
  info: { doc: INFO_DOC, columns: INFO_COLUMNS },
  'trace-string': { doc: TRACE_DOC, columns: TRACE_COLUMNS },
  fields: { doc: FIELDS_DOC, columns: FIELD_COLUMNS },
  ...NET_SCHEMAS,
  doctor: { doc: DOCTOR_DOC, columns: DOCTOR_COLUMNS },
  checks: { doc: CHECKS_DOC, columns: CHECK_COLUMNS },
  sysdig: { doc: SYSDIG_DOC, columns: SYSDIG_COLUMNS },
};

/** Each as one property that may be there: an event, or a row of a lens, has those that were asked for. */
function fieldTypes(): ColumnType[] {
  return FIELDS.filter(({ only }) => only !== 'filter').map((field) =>
    columnType(field.name, unitOfField(field), field.doc, { field: { field, arg: '', label: field.name }, nullable: true, optional: true }),
  );
}

export function reportSchema(id: ReportId): Schema {
  const { doc, columns, open = false, base = null } = SCHEMAS[id];
  return schemaOf(id, doc, columns, { open, base });
}

export function schemaText(schema: Schema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
