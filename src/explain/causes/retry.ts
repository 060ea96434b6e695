/** Loops that try the same again and again, and sleep between. */
import type { Phase, ProcessName } from '../story.ts';
import { cause, type Facts, type Found, isOf, type Rule } from './cause.ts';
import { type Failed, row, type Waited } from './row.ts';

/** `waited`: ns from the first such answer to the good one. */
interface HttpRetried {
  readonly owner: ProcessName;
  readonly from: string;
  readonly status: string;
  readonly request: string;
  readonly times: number;
  readonly waited: number;
}

/** `times`: how often it failed, first with `error`. `waited`: ns from then to the connection. */
type ConnectRetried = Waited & { readonly error: string; readonly times: number };

// biome-ignore format: a table
export const RETRY_CAUSES = {
  'connect-retried': row<ConnectRetried>('A connection that was made only when it was tried again', 0.85, 'ss -lnt on the server: since when is the port there?', ['let what it connects to be ready sooner', 'let the client try again sooner']),
  'http-retried': row<HttpRetried>('An error as answer, and a good one when it was asked again', 0.85, 'the log of the server at that time', ['look at the log of the server that gave the answer', 'let the client try again sooner, if it is one that passes']),
  'retry-loop': row<Failed & { readonly slept: number }>('A loop that tries again and again', 0.85, 'trowel lens errors FILE', ['make what it waits for ready sooner, or let it be told instead of asking']),
};

export const retryRule: Rule = (facts) => [
  ...facts.phases
    .filter(isOf('retry'))
    .filter(({ duration }) => duration >= facts.floor)
    .flatMap((phase) => found(phase, facts)),
  ...retried(facts),
  ...connectedLate(facts),
];

/** Connections that were refused, or failed, until they were made. */
function connectedLate({ analysis, process, start, end, floor }: Facts): Found[] {
  const waits = analysis.socketWaits(process.pid).filter((wait) => wait.kind === 'connect' && wait.start >= start && wait.end <= end);
  const byAddress = Map.groupBy(waits, ({ socket }) => socket.remote);
  return [...byAddress].flatMap(([to, tries]) => {
    const first = tries.find(({ outcome }) => outcome === 'failed');
    const made = tries.find((one) => one.outcome === 'answered' && first !== undefined && one.end > first.end);
    if (first === undefined || made === undefined || made.end - first.end < floor) return [];
    const times = tries.filter(({ outcome, end: ended }) => outcome === 'failed' && ended < made.end).length;
    const waited = made.end - first.end;
    const known = { owner: process, to, error: first.error ?? '', times, waited };
    return [cause('connect-retried', known, { cost: waited, nums: [first.last, made.last] })];
  });
}

function retried({ analysis, process, start, end, floor }: Facts): Found[] {
  const own = (analysis.failures?.overcome ?? []).filter(
    ({ failure, until }) => failure.pid === process.pid && failure.time >= start && until <= end,
  );
  return own
    .filter(({ failure, until }) => until - failure.time >= floor)
    .map(({ failure, until, goodNum }) => {
      const { what: from, error: status, detail: request, times, time } = failure;
      const facts = { owner: process, from, status, request, times, waited: until - time };
      return cause('http-retried', facts, { cost: until - time, nums: [failure.num, failure.last, goodNum] });
    });
}

function found(phase: Phase, { analysis, process, end }: Facts): Found[] {
  const { pid } = phase.process ?? process;
  const retry = analysis.retries.find((loop) => loop.pid === pid && loop.start < phase.end && loop.end > phase.start && !loop.lock);
  if (retry === undefined) return [];
  const { call, error, what, tries, first, last, slept } = retry;
  const exit = analysis.endOf(pid)?.time === undefined || analysis.endOf(pid)!.time > end ? null : analysis.endOf(pid)!.exit;
  const facts = { owner: analysis.lifetime(pid)?.name ?? process, call, error, what, times: tries, exit, slept };
  return [cause('retry-loop', facts, { cost: phase.duration, nums: [first, last] })];
}
