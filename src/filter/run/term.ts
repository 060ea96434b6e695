/** What a term of the plan reads off the event, or the row, that a view stands on. */
import { type Reading, readMatchValue, type Value } from '../../event/fields/field.ts';
import type { EventView } from '../../event/view.ts';
import { knownField, type Term } from '../plan.ts';
import { TRANSFORMER_SPECS, toValues } from '../transformers.ts';

export type Reader = (view: EventView) => Reading;

export function readerOf(term: Term): Reader {
  switch (term.kind) {
    case 'field': {
      const bound = { field: knownField(term.field), arg: term.arg, label: term.field };
      return (view) => readMatchValue(bound, view);
    }
    case 'text':
      return () => term.text;
    case 'list':
      return listReader(term.items.map(readerOf));
    case 'call': {
      const args = term.args.map(readerOf);
      const { apply } = TRANSFORMER_SPECS[term.transformer];
      return (view) =>
        apply(
          args.map((arg) => arg(view)),
          term.option,
        );
    }
  }
}

/** All values of all items; null where one of them is missing. */
function listReader(items: readonly Reader[]): Reader {
  return (view) => {
    const values = items.flatMap((item) => toValues(item(view)) ?? [null]);
    return values.includes(null) ? null : (values as Value[]);
  };
}
