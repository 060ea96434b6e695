/** All screens that are tables. The list of events and the detail of one are in the folders above. */
import { DNS } from './dns.ts';
import { LENS_SCREENS } from './lenses.ts';
import { LOSSES } from './losses.ts';
import { type ScreenSpec, screenColumn } from './screen.ts';
import { STORY } from './story.ts';

const TABLES: readonly ScreenSpec[] = [STORY, DNS, LOSSES, ...LENS_SCREENS];

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
    columns: [screenColumn('screen', 'text'), screenColumn('question', 'text'), screenColumn('also', 'text')],
    rows: [
      { cells: ['events', 'what happened, event by event', ''], num: null, drill: null },
      ...TABLES.map(({ id, sentence, aliases }) => ({ cells: [id, sentence, aliases.join(' ')], num: null, drill: null })),
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
