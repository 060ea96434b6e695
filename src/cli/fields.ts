/** `trowel fields`: every field, for people, programs and the documentation. */
import { ALIASES } from '../event/fields/aliases.ts';
import { type Field, unitOf } from '../event/fields/field.ts';
import { FIELDS } from '../event/fields/index.ts';
import { jsonText } from '../output/printable.ts';
import { tableLines } from '../output/table.ts';
import { Out } from './out.ts';

export function fields(options: { readonly json?: boolean; readonly markdown?: boolean }): void {
  const out = new Out();
  if (options.json === true) out.lines(FIELDS.map((field) => jsonText(fieldJson(field))));
  else if (options.markdown === true) out.lines(fieldsMarkdown());
  else out.lines(fieldsTable());
  out.flush();
}

function fieldJson(field: Field): object {
  const { name, type, scope, doc, example, arg, only, ends } = field;
  const shape = { argument: arg?.name ?? null, only: only ?? null, ends: ends === true };
  return { name, type, unit: unitOf(field) || null, scope, doc, example, ...shape, aliases: aliasesOf(name) };
}

/** Other names that a filter may use: sysdig's of other times, and other tools'. */
function aliasesOf(name: string): string[] {
  return ALIASES.filter(({ to }) => to === name).map(({ from }) => from);
}

function typeText(field: Field): string {
  const unit = unitOf(field);
  return unit === '' ? field.type : `${field.type}, ${unit}`;
}

function fieldsTable(): string[] {
  const rows = FIELDS.map((field) => [title(field), typeText(field), field.doc, field.example]);
  return tableLines([{ title: 'FIELD' }, { title: 'TYPE' }, { title: 'MEANING' }, { title: 'EXAMPLE' }], rows);
}

const INTRODUCTION =
  'What a filter can ask for, and `-p`, `--fields` and JSON can show. `[ARG]` needs an argument, `[ARG]?` takes one; `.ARG` means the same. Made by `npm run docs`.';

/** docs/fields.md; a test keeps it fresh. */
export function fieldsMarkdown(): string[] {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = FIELDS.map(
    (field) =>
      `| \`${title(field)}\` | ${typeText(field)} | ${cell(field.doc)} | ${field.example === '' ? '' : `\`${cell(field.example)}\``} | ${aliasesOf(
        field.name,
      )
        .map((alias) => `\`${alias}\``)
        .join(' ')} |`,
  );
  return ['# Fields', '', INTRODUCTION, '', '| field | type, unit | meaning | example | also |', '|---|---|---|---|---|', ...rows];
}

function title({ name, arg }: Field): string {
  if (arg === undefined) return name;
  return arg.required ? `${name}[${arg.name}]` : `${name}[${arg.name}]?`;
}
