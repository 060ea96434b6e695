/** `trowel dns`: one block a lookup. */

import type { Capture } from '../capture/capture.ts';
import type { Attempt, Lookup } from '../dns/lookup.ts';
import { compileFilter } from '../filter/compile.ts';
import { lookupsOf } from '../lens/dns.ts';
import { wallNs } from '../model/time.ts';
import { askerText, lookupLines } from '../output/lookup.ts';
import { jsonText } from '../output/printable.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { Out } from './out.ts';

export async function dns(path: string, filterText: string, options: { readonly json?: boolean }): Promise<void> {
  const capture = await openCapture(path);
  const out = new Out();
  try {
    const lookups = lookupsOf(capture, compileFilter(filterText, contextOf(capture)));
    if (options.json === true) out.lines(lookups.map((lookup) => jsonText(lookupJson(lookup, capture))));
    else if (lookups.length === 0) out.line('no lookup was made by a client in this capture');
    else for (const [i, lookup] of lookups.entries()) out.lines([...(i > 0 ? [''] : []), ...lookupLines(lookup, capture.dims)]);
  } finally {
    out.flush();
    capture.close();
  }
}

/** Names and units as in the filter language: spans in ns, times as decimal ns since 1970. */
function lookupJson(lookup: Lookup, capture: Capture): object {
  return {
    'dns.lookup.id': lookup.id,
    'dns.lookup.name': lookup.name,
    'dns.lookup.latency': lookup.end - lookup.start,
    'dns.lookup.result': lookup.result,
    'dns.lookup.addrs': lookup.addresses,
    asker: askerText(lookup, capture.dims),
    'proc.pid': lookup.pid,
    time: wallNs(capture.epoch, lookup.start),
    resolver: lookup.resolver,
    library: lookup.library,
    attempts: lookup.attempts.map((attempt) => attemptJson(attempt)),
  };
}

function attemptJson(attempt: Attempt): object {
  return {
    name: attempt.name,
    suffix: attempt.suffix,
    server: attempt.server,
    result: attempt.result,
    latency: attempt.end - attempt.start,
    wasted: attempt.wasted,
    late: attempt.late,
    queries: attempt.queries.map(({ num, qtype, attempt: n, partner, latency }) => ({
      'evt.num': num,
      qtype,
      attempt: n,
      answer: partner,
      latency,
    })),
  };
}
