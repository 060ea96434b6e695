/** Every lens that needs no argument is a screen. */
import { ask } from '../../lens/ask.ts';
import { LENSES } from '../../lens/index.ts';
import { type Lens, lensFilter } from '../../lens/lens.ts';
import type { ScreenSpec } from './screen.ts';
import { tableOf } from './tables.ts';

/** What a lens is called where there is a screen of that name. */
const RENAMED: Readonly<Record<string, string>> = { events: 'events-measured' };
/** What else people call it. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  connections: ['conns'],
  ports: ['server-ports'],
  'accept-queues': ['listen-queues', 'queues', 'backlog'],
  directories: ['dirs'],
  calls: ['syscalls'],
  'k8s-events': ['kube-events'],
};
/** Where Enter leads to another screen than the events. */
const TO: Readonly<Record<string, string>> = { connections: 'stream', ports: 'connections', files: 'stream', directories: 'files' };

export const LENS_SCREENS: readonly ScreenSpec[] = LENSES.filter(({ args, ask }) => args.length === 0 && ask.kind !== 'echo').map(screenOf);

function screenOf(lens: Lens): ScreenSpec {
  const to = TO[lens.name];
  return {
    id: RENAMED[lens.name] ?? lens.name,
    aliases: [...(ALSO[lens.name] ?? []), ...lens.chisels],
    sentence: lens.doc,
    filter: lensFilter(lens, {}),
    enter: to === undefined ? 'events' : { to },
    read: ({ capture, context, filter }) => {
      const found = ask({ lens, filter }, capture, context);
      if (found.kind !== 'table') throw new Error(`${lens.name} is no table`);
      return tableOf(found);
    },
  };
}
