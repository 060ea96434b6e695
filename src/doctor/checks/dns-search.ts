/** What search lists cost: names that are tried with each suffix, suffixes that leave the cluster, lists that are too long. */
import { parseResolvConf } from '../../dns/resolv.ts';
import type { DnsRow } from '../../model/dns.ts';
import { type Check, finding } from '../check.ts';
import { type Examined, times } from '../examined.ts';
import { namesOf } from './dns-answers.ts';

/** Fewer are a habit, not a problem. */
const MANY = 50;
const HALF = 0.5;

export const dnsSearchWalk: Check = {
  id: 'dns-search-walk',
  title: 'most questions only walk the search list',
  read(examined) {
    const rows = asked(examined);
    const wasted = rows.filter(({ rcode }) => rcode === 'NXDOMAIN');
    if (wasted.length < MANY || wasted.length < HALF * rows.length) return [];
    return [
      finding(
        'dns-search-walk',
        'note',
        `${wasted.length} of ${rows.length} answers are NXDOMAIN: names are tried with each search domain first (${namesOf(wasted)})`,
        {
          affected: wasted.map((row) => examined.who(examined.netnsOf(row), row.thread)),
          events: wasted.map(({ num }) => num),
          confidence: 0.85,
          fixes: [
            'write names with a dot at the end',
            'dnsConfig: options: [{name: ndots, value: "1"}] in the pod',
            'trowel dns FILE    # which names',
          ],
        },
      ),
    ];
  },
};

export const dnsLeak: Check = {
  id: 'dns-leak',
  title: 'names of the cluster are asked outside',
  read(examined) {
    const leaked = [...examined.dims.dns.all()].filter(
      (row) =>
        row.side === 'forward' &&
        !row.response &&
        /\.cluster\.local\.[^.]/.test(`${row.qname}.`) &&
        !row.qname.endsWith('.cluster.local') &&
        examined.inScope(examined.netnsOf(row)),
    );
    if (leaked.length === 0) return [];
    return [
      finding(
        'dns-leak',
        'note',
        `${times(leaked.length, 'question')} for names of the cluster with another suffix went to ${[...new Set(leaked.map(({ server }) => server))].join(', ')}: ${namesOf(leaked)}`,
        {
          affected: leaked.map((row) => examined.who(examined.netnsOf(row), row.thread)),
          events: leaked.map(({ num }) => num),
          confidence: 0.9,
          fixes: ['write names with a dot at the end', 'take the foreign domain out of the node’s resolv.conf, which pods inherit'],
        },
      ),
    ];
  },
};

const MOST_SERVERS = 3;
const MOST_DOMAINS = 6;
const MOST_CHARACTERS = 256;

export const resolvConf: Check = {
  id: 'resolv-conf',
  title: 'a resolv.conf says more than resolvers take',
  read(examined) {
    return examined.node.at('resolver', examined.end).flatMap((fact) => {
      const { nameservers, search, dosLines } = parseResolvConf(fact.value.resolvConf);
      const problems = [
        nameservers.length > MOST_SERVERS ? `${nameservers.length} name servers, of which ${MOST_SERVERS} are asked` : '',
        search.length > MOST_DOMAINS || search.join(' ').length > MOST_CHARACTERS
          ? `a search list of ${search.length} domains and ${search.join(' ').length} characters, which old resolvers cut at ${MOST_DOMAINS} and ${MOST_CHARACTERS}`
          : '',
        dosLines ? 'lines that end with CR LF' : '',
      ].filter((text) => text !== '');
      if (problems.length === 0) return [];
      const who = examined.who(fact.netns);
      return [
        finding('resolv-conf', 'note', `resolv.conf of ${who} has ${problems.join(' and ')}`, {
          affected: [who],
          facts: [examined.fact(fact, fact.value.resolvConf.trim().replace(/\s*\n\s*/g, '; '))],
          confidence: 0.95,
        }),
      ];
    });
  },
};

const asked = (examined: Examined): DnsRow[] =>
  [...examined.dims.dns.all()].filter((row) => row.response && row.side === 'client' && examined.inScope(examined.netnsOf(row)));
