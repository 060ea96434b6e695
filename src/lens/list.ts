/** The matching events themselves, a row each, with the fields that matter to the question. */

import type { Capture } from '../capture/capture.ts';
import { type BoundField, readField } from '../event/fields/field.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import { fieldNamed } from '../filter/find-field.ts';
import type { Lens, Unit } from './lens.ts';

type ListSpec = Omit<Lens, 'look'> & { readonly fields: readonly string[] };

export function list({ fields, ...lens }: ListSpec): Lens {
  return {
    ...lens,
    look: (capture, filter) => {
      const bound = fields.map(fieldNamed);
      return { kind: 'table', columns: bound.map((one) => ({ name: one.label, unit: unitOf(one) })), rows: rows(capture, filter, bound) };
    },
  };
}

function* rows(capture: Capture, filter: CompiledFilter, fields: readonly BoundField[]): Generator<(string | number)[]> {
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const view = filter.view.at(chunk, selection[k]!);
      yield fields.map((field) => {
        const reading = readField(field, view);
        return typeof reading === 'number' ? reading : reading === null ? '' : Array.isArray(reading) ? reading.join(',') : String(reading);
      });
    }
  }
}

function unitOf({ field }: BoundField): Unit {
  if (field.type === 'span') return 'ns';
  if (field.type === 'size') return 'bytes';
  return field.type === 'number' ? 'count' : 'text';
}
