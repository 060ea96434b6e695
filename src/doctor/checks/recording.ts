/** What the recording itself could not see. */
import { isHiddenByRing } from '../../model/rows.ts';
import { type Check, finding } from '../check.ts';
import { sum, times } from '../examined.ts';

export const ioUring: Check = {
  id: 'io-uring',
  title: 'a process does its I/O where system calls do not show it',
  read(examined) {
    const users = [...examined.dims.processes.all()].filter(({ flags, netns }) => isHiddenByRing(flags) && examined.inScope(netns));
    const names = [...new Set(users.map(({ comm, pid }) => `${comm} (${pid})`))];
    if (names.length === 0) return [];
    return [
      finding(
        'io-uring',
        'note',
        `${names.slice(0, 5).join(', ')} ${names.length === 1 ? 'uses' : 'use'} io_uring: what they read and write that way is not in the recording`,
        {
          affected: names,
          facts: users.slice(0, 3).map(({ comm, pid, from }) => ({ time: Math.max(0, from), text: `${comm} (${pid}) has an io_uring` })),
          confidence: 1,
        },
      ),
    ];
  },
};

export const losses: Check = {
  id: 'losses',
  title: 'the recording lost events',
  read({ dims, observed }) {
    const rows = [...dims.losses.all()];
    if (rows.length === 0) return [];
    const lost = sum(rows);
    const share = lost / Math.max(1, lost + observed.events);
    return [
      finding(
        'losses',
        share > SERIOUS ? 'warning' : 'note',
        `the recording lost ${times(lost, 'event')} (${(share * 100).toFixed(1)} %): what was found may be incomplete`,
        {
          facts: rows.slice(0, 3).map(({ reason, family, count, from }) => ({ time: from, text: `${count} of ${family} (${reason})` })),
          confidence: 1,
          fixes: ['trowel record FILTER    # a narrower one'],
        },
      ),
    ];
  },
};

const SERIOUS = 0.05;
