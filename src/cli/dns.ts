/** `trowel dns`: one block a lookup. */

import type { Capture } from '../capture/capture.ts';
import type { Attempt, TcpUse } from '../dns/attempt.ts';
import type { Lookup, ResolverUsed } from '../dns/lookup.ts';
import type { Try } from '../dns/try.ts';
import { compileFilter } from '../filter/compile.ts';
import { lookupsOf } from '../lens/dns.ts';
import { wallNs } from '../model/time.ts';
import { askerText, lookupLines } from '../output/lookup.ts';
import { jsonText } from '../output/printable.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { Out } from './out.ts';

export function dns(path: string, filterText: string, options: { readonly json?: boolean }): void {
  const capture = openCapture(path);
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
    resolver: resolverJson(lookup.resolver),
    ...(lookup.contradictions.length === 0 ? {} : { contradictions: lookup.contradictions }),
    library: lookup.library,
    attempts: lookup.attempts.map((attempt) => attemptJson(attempt)),
  };
}

/** What its file, or its queries, say of the resolver. */
function resolverJson({ dosLines, ...resolver }: ResolverUsed): object {
  return dosLines ? { ...resolver, dosLines } : resolver;
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
    ...(attempt.tcp === null ? {} : { tcp: tcpJson(attempt.tcp) }),
    queries: attempt.tries.map(queryJson),
  };
}

function tcpJson({ server, outcome, error, start, end, num }: TcpUse): object {
  return { server, outcome, error, latency: end - start, 'evt.num': num };
}

/** One question that was sent to one server. `duration`: until it was answered, or no longer waited for. */
function queryJson({ query, server, qtype, nth, result, start, end, error, from, late }: Try): object {
  return {
    'evt.num': query.num,
    qtype,
    attempt: query.attempt,
    answer: query.partner,
    latency: query.latency,
    server,
    transport: query.transport,
    try: nth,
    result,
    duration: end - start,
    ...(error === null ? {} : { error }),
    ...(from === null ? {} : { from }),
    ...(late === null ? {} : { late }),
  };
}
