/** The lookups of a capture, narrowed by a filter: one whose queries or answers match is shown whole. */

import { type Capture, captureEnd } from '../capture/capture.ts';
import { allMessages } from '../dns/implied.ts';
import { findLookups, type Lookup } from '../dns/lookup.ts';
import { type Span, Traces } from '../dns/traces.ts';
import type { CompiledFilter } from '../filter/compile.ts';
import type { DnsRow } from '../model/dns.ts';

/** What the events of some times show of questions beside the messages. Times ascend and do not overlap. */
export function tracesOf(capture: Capture, spans: readonly Span[]): Traces {
  const traces = new Traces(capture.dims);
  let at = 0;
  for (const head of capture.heads()) {
    while (at < spans.length && spans[at]!.to < head.minTime) at++;
    if (at === spans.length) break;
    if (head.maxTime >= spans[at]!.from && traces.wants(head)) traces.add(capture.chunk(head));
  }
  return traces;
}

/** All lookups of a capture. `messages`: its own and the implied ones. */
export function allLookups(capture: Capture, messages: readonly DnsRow[] = allMessages(capture.dims)): Lookup[] {
  return findLookups(capture.dims, captureEnd(capture), messages, (spans) => tracesOf(capture, spans));
}

export function lookupsOf(capture: Capture, filter: CompiledFilter): Lookup[] {
  const lookups = allLookups(capture);
  if (filter.step === null) return lookups;
  const matching = new Set<number>();
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) matching.add(chunk.num[selection[k]!]!);
  }
  return lookups.filter(({ attempts }) =>
    attempts.some(({ queries, answers }) => [...queries, ...answers].some(({ num }) => matching.has(num))),
  );
}
