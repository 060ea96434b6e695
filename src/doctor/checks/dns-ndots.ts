/** Names that are complete, but have fewer dots than ndots asks: each is tried with every search domain first. */
import { lowerNdots } from '../../dns/ndots.ts';
import { allLookups } from '../../lens/dns.ts';
import { type Check, finding } from '../check.ts';
import type { Examined } from '../examined.ts';
import { namesOf } from './dns-answers.ts';

/** Fewer are a habit, not a problem. */
const MANY = 20;

export const dnsNdots: Check = {
  id: 'dns-ndots',
  title: 'complete names are tried with search domains first',
  read(examined) {
    const walked = walkers(examined);
    if (walked.length < MANY) return [];
    const wasted = walked.flatMap(({ attempts }) => attempts.slice(0, -1).flatMap(({ queries }) => queries));
    const ndots = Math.max(...walked.map(({ resolver }) => resolver.ndots));
    return [
      finding(
        'dns-ndots',
        'note',
        `${walked.length} lookups of complete names (${namesOf(walked.map(({ name }) => ({ qname: name })))}) tried ${wasted.length} questions with search domains first: they have fewer dots than ndots:${ndots} asks`,
        {
          affected: walked.map(({ thread, attempts }) =>
            examined.who(examined.netnsOf({ thread, fd: attempts[0]!.queries[0]!.fd }), thread),
          ),
          events: wasted.map(({ num }) => num),
          confidence: 0.9,
          fixes: [
            'write such names with a dot at the end',
            `dnsConfig: options: [{name: ndots, value: "${lowerNdots(walked) ?? 1}"}] in the pod`,
            'trowel lens dns-bill FILE    # what it costs',
          ],
        },
      ),
    ];
  },
};

/** Only the name as it was asked for had an answer, after others. */
function walkers(examined: Examined) {
  if (examined.dims.dns.size === 0) return [];
  return allLookups(examined.capture).filter(
    ({ name, attempts, thread }) =>
      attempts.length > 1 &&
      attempts.at(-1)!.suffix === '' &&
      !attempts.at(-1)!.wasted &&
      attempts.slice(0, -1).every(({ suffix, wasted }) => suffix !== '' && wasted) &&
      name.includes('.') &&
      examined.inScope(examined.netnsOf({ thread, fd: attempts[0]!.queries[0]!.fd })),
  );
}
