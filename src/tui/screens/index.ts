/** All screens that are tables, a line each; the list of events is in events/. A new screen is a file and a line here. */
import { CONNECTIONS } from './connections.ts';
import { CONTAINERS } from './containers.ts';
import { DNS } from './dns.ts';
import { DOCTOR } from './doctor.ts';
import { FINDINGS } from './findings.ts';
import { HTTP } from './http.ts';
import { LENS_SCREENS } from './lenses.ts';
import { LOSSES } from './losses.ts';
import { NET_SCREENS } from './net.ts';
import { PROCESSES } from './processes.ts';
import { BY_FIELD, RANKING_SCREENS } from './rankings.ts';
import { type ScreenSpec, screenColumn } from './screen.ts';
import { SLOW } from './slow.ts';
import { SPECTROGRAM } from './spectrogram.ts';
import { STORY } from './story.ts';
import { STREAM } from './stream.ts';
import { SUMMARY } from './summary.ts';
import { WAITS } from './waits.ts';

/** Screens that are more than a lens. */
export const OWN: readonly ScreenSpec[] = [
  FINDINGS,
  STORY,
  SUMMARY,
  DNS,
  WAITS,
  SLOW,
  PROCESSES,
  CONTAINERS,
  ...RANKING_SCREENS,
  CONNECTIONS,
  BY_FIELD,
  STREAM,
  HTTP,
  SPECTROGRAM,
  LOSSES,
  DOCTOR,
  ...NET_SCREENS,
];

/** Lenses that no screen of our own answers better, by the names that are left. */
function lensScreens(): ScreenSpec[] {
  const taken = new Set(OWN.flatMap(({ id, aliases }) => [id, ...aliases]));
  const screens: ScreenSpec[] = [];
  for (const screen of LENS_SCREENS) {
    if (taken.has(screen.id)) continue;
    const aliases = screen.aliases.filter((name) => name !== screen.id && !taken.has(name));
    for (const name of [screen.id, ...aliases]) taken.add(name);
    screens.push({ ...screen, aliases });
  }
  return screens;
}

const TABLES: readonly ScreenSpec[] = [...OWN, ...lensScreens()];

/** The screens themselves: which question each answers. */
const VIEWS: ScreenSpec = {
  id: 'views',
  aliases: ['screens'],
  sentence: 'what can be looked at; Enter opens it with the filter there is',
  filter: '',
  enter: 'screen',
  instant: true,
  read: () => ({
    head: [],
    columns: [
      screenColumn('screen', 'text', null, 'its name: : takes it, or its beginning'),
      screenColumn('question', 'prose', null, 'what it answers'),
      screenColumn('also', 'text', null, 'other names that : takes'),
    ],
    rows: [
      { cells: ['events', 'what happened, event by event', ''], num: null, drill: null, to: 'events' },
      ...TABLES.map(({ id, sentence, aliases }) => ({ cells: [id, sentence, aliases.join(' ')], num: null, drill: null, to: id })),
    ],
  }),
};

export const SCREENS: readonly ScreenSpec[] = [VIEWS, ...TABLES];

/** The screen with a name, or the only one whose name begins so; null: there is none. */
export function screenNamed(name: string): ScreenSpec | null {
  const exact = SCREENS.find(({ id, aliases }) => id === name || aliases.includes(name));
  if (exact !== undefined) return exact;
  const begun = SCREENS.filter(({ id }) => id.startsWith(name));
  return begun.length === 1 ? begun[0]! : null;
}
