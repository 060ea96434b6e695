import { KEYS, keyLabel } from '../../src/tui/keymap.ts';
import { SCREENS } from '../../src/tui/screens/index.ts';
import type { Context } from '../../src/tui/state.ts';

const WHERE: readonly (readonly [Context, string])[] = [
  ['list', 'In the list of events'],
  ['detail', 'In the detail, after Tab'],
  ['table', 'On every other screen'],
  ['prompt', 'While typing'],
];

// biome-ignore format: a table
const FINGERS: readonly (readonly [does: string, csysdig: string, k9s: string, wireshark: string, here: string])[] = [
  ['drill down', 'Enter', 'Enter', '', 'Enter'],
  ['back', 'Backspace', 'Esc', '', 'Backspace, Esc; Ctrl-R goes forward again'],
  ['list of views', 'F2', 'Ctrl-A', '', 'v, F2'],
  ['go to a view by name', '', ':', '', ': with completion'],
  ['filter', 'F4, \\\\', '/', 'Ctrl-/', 'f, F4, \\\\'],
  ['find', 'Ctrl-F, /', '/', 'Ctrl-F', '/, Ctrl-S; n N'],
  ['echo I/O, follow stream', 'F5, e', '', 'Ctrl-Alt-Shift-T', 'e, F5'],
  ['dig: the events', 'F6, d', '', '', 'd, F6'],
  ['sort by a column', 'Shift+1–9, F9, >', 'Shift+letter', 'click', '1–9, s, F9, < >'],
  ['spectrogram', 'F12', '', '', 'i, F12'],
  ['go to an event', 'Ctrl-G', '', 'Ctrl-G', ': and its number, Ctrl-G'],
  ['pause', 'p', '', 'Ctrl-E', 'p, Space'],
  ['apply as filter', '', '', 'right click', '= keep, ! drop, + add'],
  ['mark', '', '', 'Ctrl-M', 'm and a letter; \' and it comes back'],
  ['time reference', '', '', 'Ctrl-T', 'T'],
  ['copy', '', 'c', 'Ctrl-Shift-C', 'y, Y'],
  ['save', '', 'Ctrl-S', 'Ctrl-S', 'E'],
  ['help', 'F1, ?, h', '?', 'F1', '?, F1'],
  ['quit', 'q, F10', ':q, Ctrl-C', 'Ctrl-Q', 'q, F10, Ctrl-C, :q'],
];

const cell = (text: string) => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
const table = (titles: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(titles), row(titles.map(() => '---')), ...rows.map(row)].join('\n');

export function keysPage(): string {
  const sections = WHERE.map(([where, title]) => {
    const rows = KEYS.filter((key) => key.where.includes(where)).map(({ keys, help }) => [
      keys.map((key) => `\`${keyLabel(key)}\``).join(' '),
      help,
    ]);
    return `## ${title}\n\n${table(['Keys', 'What they do'], rows)}`;
  });
  const screens = SCREENS.map(({ id, aliases, sentence, keys = [] }) => [
    `\`:${id}\``,
    aliases.map((alias) => `\`${alias}\``).join(' '),
    sentence,
    keys.map((key) => `\`${key.keys.map(keyLabel).join(' ')}\` ${key.help}`).join('; '),
  ]);
  return [
    '# Keys and screens',
    'Made from the one table of keys by `npm run screens`.',
    `## csysdig’s, k9s’ and Wireshark’s fingers\n\n${table(['', 'csysdig', 'k9s', 'Wireshark', 'Trowel'], FINGERS)}`,
    ...sections,
    `## Screens\n\n${table(['Name', 'Also', 'What it answers', 'Its own keys'], screens)}`,
  ]
    .join('\n\n')
    .concat('\n');
}
