/** Clients that announced a body and waited for “100 Continue”, which nobody sent. */
import { cause, type Rule } from './cause.ts';
import { row, type Waited } from './row.ts';

// biome-ignore format: a table
export const EXPECTATION_CAUSES = {
  'continue-unanswered': row<Waited>('A “100 Continue” that never came', 0.95, 'curl -v -H "Expect:" http://ADDRESS', ['let the client send its body at once: of curl -H "Expect:"', 'let the server, or the proxy before it, answer Expect: 100-continue'], ['payload']),
};

export const expectationRule: Rule = ({ analysis, process, start, end, floor }) =>
  analysis.requests.expectations
    .filter((one) => one.pid === process.pid && one.start >= start && one.end <= end && one.end - one.start >= floor)
    .map(({ remote: to, start: from, end: until, first, last }) =>
      cause('continue-unanswered', { owner: process, to, waited: until - from }, { cost: until - from, nums: [first, last] }),
    );
