/** `--explain-filter` of a store: which parts of a filter the store decides, which it only narrows down, and which are asked here. */
import { columnsOf, exactly } from '../cluster/exact.ts';
import { valuesOf } from '../cluster/fold.ts';
import { withStore } from '../cluster/open.ts';
import { StoreStream } from '../cluster/stream.ts';
import { mayMatch } from '../cluster/where.ts';
import { compileFilter } from '../filter/compile.ts';
import type { LeafPlan, Plan } from '../filter/plan.ts';
import { sanitize } from '../output/printable.ts';
import { contextOf } from './capture-context.ts';
import { kernelText, stepLines } from './explain-filter.ts';
import { chosenRecordings, wallRange } from './store-range.ts';

type Place = 'decides' | 'narrows down' | 'here';

/** As of the first recording that is asked for: others have other rows, but the same places. */
export function explainOnStore(name: string, text: string): Promise<string[]> {
  return withStore(name, async (client, address) => {
    const range = wallRange(address);
    const chosen = await chosenRecordings(client, address, range);
    const stream = await StoreStream.open(client, chosen[0]!, range);
    const context = contextOf(stream);
    const { plan, step, notes, fields } = compileFilter(text, context);
    if (plan === null || step === null) return ['every event matches: the store counts and adds up'];
    const values = await valuesOf(client, chosen[0]!, columnsOf(plan));
    const places = Map.groupBy(
      leavesOf(plan),
      (leaf): Place => (exactly(leaf, context, values) !== null ? 'decides' : mayMatch(leaf, context) !== null ? 'narrows down' : 'here'),
    );
    const line = (place: Place) => [...new Set((places.get(place) ?? []).map(({ label }) => sanitize(label)))].join(', ') || 'nothing';
    const decidesAll = exactly(plan, context, values) !== null;
    const isPulled = chosen.length > 1 || !stream.answers(fields);
    return [
      ...stepLines(step),
      '',
      `store: decides ${line('decides')}`,
      ...(places.has('narrows down') ? [`store: narrows down, decided here: ${line('narrows down')}`] : []),
      `here: ${line('here')}`,
      `counts and sums: ${decidesAll ? 'by the store' : 'here, since the store does not decide all of it'}`,
      `events: ${isPulled ? 'what the address asks for is pulled, and all of it decided here' : 'those that the store gives are decided here, too'}`,
      `kernel: ${kernelText(plan)}`,
      ...notes.map((note) => `note: ${note}`),
    ];
  });
}

function leavesOf(plan: Plan): LeafPlan[] {
  switch (plan.kind) {
    case 'and':
    case 'or':
      return plan.parts.flatMap(leavesOf);
    case 'not':
      return leavesOf(plan.part);
    default:
      return [plan];
  }
}
