/** The fields of the filter language as a report: for people, programs and docs/fields.md. */
import { ALIASES } from '../../event/fields/aliases.ts';
import { type Field, unitOf } from '../../event/fields/field.ts';
import { FIELDS } from '../../event/fields/index.ts';
import { column } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';

const PROGRAMS = { audience: 'programs' } as const;
const PEOPLE = { audience: 'people' } as const;
const INTRODUCTION =
  'What a filter can ask for, and `-p`, `--fields` and JSON can show. `[ARG]` needs an argument, `[ARG]?` takes one; `.ARG` means the same. Made by `npm run docs`.';

export const FIELDS_DOC = 'one field of the filter language';

export const FIELD_COLUMNS: readonly Column<Field>[] = [
  column('name', 'text', 'as filters write it', (f) => f.name, PROGRAMS),
  column('type', 'text', 'decides which operators and constants it takes', (f) => f.type, PROGRAMS),
  column('unit', 'text', 'what it is counted in', (f) => unitOf(f) || null, { ...PROGRAMS, nullable: true }),
  column('scope', 'text', 'where its value lives', (f) => f.scope, PROGRAMS),
  column('doc', 'prose', 'what it says', (f) => f.doc, PROGRAMS),
  column('example', 'code', 'a filter that uses it', (f) => f.example, PROGRAMS),
  column('argument', 'text', 'what its argument is called', (f) => f.arg?.name ?? null, { ...PROGRAMS, nullable: true }),
  column('only', 'text', 'print or filter, where it is for one of them only', (f) => f.only ?? null, { ...PROGRAMS, nullable: true }),
  column('ends', 'bool', 'it means both ends of a connection', (f) => f.ends === true, PROGRAMS),
  column('aliases', 'text', 'other names for it', (f) => aliasesOf(f.name), { ...PROGRAMS, many: true }),
  column('field', 'code', '', titleOf, PEOPLE),
  column('type, unit', 'prose', '', typeText, PEOPLE),
  column('meaning', 'prose', '', (f) => f.doc, PEOPLE),
  column('example', 'code', '', (f) => f.example, PEOPLE),
  column('also', 'code', '', (f) => aliasesOf(f.name), PEOPLE),
];

export function fieldReport(): Report<Field> {
  const heading = { title: 'Fields', text: INTRODUCTION };
  return { id: 'fields', columns: FIELD_COLUMNS, items: FIELDS, epoch: 0n, heading };
}

/** Other names that a filter may use: sysdig's of other times, and other tools'. */
function aliasesOf(name: string): string[] {
  return ALIASES.filter(({ to }) => to === name).map(({ from }) => from);
}

function typeText(field: Field): string {
  const unit = unitOf(field);
  return unit === '' ? field.type : `${field.type}, ${unit}`;
}

function titleOf({ name, arg }: Field): string {
  if (arg === undefined) return name;
  return arg.required ? `${name}[${arg.name}]` : `${name}[${arg.name}]?`;
}
