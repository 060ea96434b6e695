/** Connections that found another one in their place, or were forgotten for want of room, before the table is full. */
import { type Check, finding } from '../check.ts';
import { times } from '../examined.ts';

/** A few collide by chance. */
const MANY = 20;

export const conntrackInserts: Check = {
  id: 'conntrack-inserts',
  title: 'the table of connections refuses or forgets some',
  read(examined, before) {
    if (before.some(({ id }) => id === 'conntrack-full' || id === 'dns-race')) return [];
    return [...examined.cluster.namespaces].flatMap((netns) => {
      const versions = examined.node.versions('conntrack', netns);
      const [first, last] = [versions[0], versions.at(-1)];
      if (first === undefined || last === undefined) return [];
      const failed = last.value.insertFailed - first.value.insertFailed;
      const forgotten = last.value.earlyDrop - first.value.earlyDrop;
      if (failed < MANY && forgotten < MANY) return [];
      const what = [
        failed > 0 ? `${times(failed, 'connection')} found another in their place (insert_failed), and their first packet was dropped` : '',
        forgotten > 0 ? `${times(forgotten, 'connection')} were forgotten early, for want of room (early_drop)` : '',
      ].filter((text) => text !== '');
      const place = examined.who(netns);
      return [
        finding('conntrack-inserts', forgotten >= MANY ? 'warning' : 'note', `in the table of connections of ${place} ${what.join('; ')}`, {
          affected: [place],
          facts: [
            examined.fact(
              first,
              `insert_failed ${first.value.insertFailed}, early_drop ${first.value.earlyDrop}, ${first.value.count} of ${first.value.max}`,
            ),
            examined.fact(
              last,
              `insert_failed ${last.value.insertFailed}, early_drop ${last.value.earlyDrop}, ${last.value.count} of ${last.value.max}`,
            ),
          ],
          confidence: 0.9,
          fixes: [
            'conntrack -S',
            forgotten > 0
              ? 'sysctl -w net.netfilter.nf_conntrack_max=NUMBER'
              : 'questions for names collide most: run NodeLocal DNSCache, or --random-fully for masquerading',
          ],
        }),
      ];
    });
  },
};
