/** The last line: a text or a place that is being typed, something to say, or where we are and which keys help. */
import { barKeys } from '../keymap.ts';
import type { Paint } from '../kit/paint.ts';
import { countText, cut, harmless, widthOf } from '../kit/text.ts';
import type { Pending, State } from '../state.ts';
import { type Drawn, promptLine } from './typing.ts';

const LABELS = {
  find: ' find: ',
  goto: ' screen, field, event, time or command: ',
  export: ' into file (.csv .json .md .txt .trowel): ',
} as const;

export function bottomLine(state: State, paint: Paint): Drawn {
  const { prompt, size } = state;
  if (prompt !== null && prompt.purpose !== 'filter') return promptLine(LABELS[prompt.purpose], prompt.line, size.columns, paint);
  return { text: spoken(state, paint) ?? keyBar(state, paint), cursor: null };
}

function spoken({ notice, searching, size, pending, marks }: State, paint: Paint): string | null {
  if (pending !== null) return paint('warn', cut(` ${pendingText(pending, Object.keys(marks))}`, size.columns));
  if (notice !== null) return paint(notice.kind === 'problem' ? 'bad' : 'warn', cut(` ${harmless(notice.text)}`, size.columns));
  return searching === null ? null : paint('warn', cut(` ${harmless(searching)}   Esc stops`, size.columns));
}

function pendingText(pending: Pending, letters: readonly string[]): string {
  if (pending === 'quit') return 'keep this recording?   y keep it   n throw it away   any other key: stay';
  if (pending === 'mark') return 'mark as … a letter';
  return `to mark … ${letters.join(' ')}`;
}

function keyBar(state: State, paint: Paint): string {
  const place = ` ${positionText(state)}`;
  const hits = hitsText(state);
  let line = hits === '' ? place : `${place}  ${paint('warn', hits)}`;
  let used = widthOf(place) + (hits === '' ? 0 : widthOf(hits) + 2);
  for (const { key, word } of barKeys(state)) {
    used += 2 + widthOf(key) + 1 + widthOf(word);
    if (used >= state.size.columns) break;
    line += `  ${paint('title', key)} ${word}`;
  }
  return line;
}

/** Cells that a text takes that was looked for. */
const MOST_FIND = 20;

/** `NXDOMAIN: 3 of 120`, on the row that was found; elsewhere without its place. */
function hitsText({ hits, find, selected, table }: State): string {
  if (hits === null || table !== null || find === '') return '';
  const total = `${countText(hits.total)}${hits.complete ? '' : '+'}`;
  const text = cut(harmless(find), MOST_FIND);
  return hits.num === selected && hits.place !== null ? `${text}: ${countText(hits.place)} of ${total}` : `${text}: ${total}`;
}

/** `12/2,114`: the selected row among the matches; its number alone until they are counted; while following, always the last. */
function positionText({ list, selected, counts, prompt, page, follow, table }: State): string {
  if (prompt !== null || page !== null) return '';
  if (table !== null) return `${countText(Math.min(table.rows.length, table.selected + 1))}/${countText(table.rows.length)}`;
  const index = list.rows.findIndex(({ num }) => num === selected);
  if (index < 0) return '0/0';
  if (follow === 'on') return `last of ${countText(counts.matches)}`;
  if (list.before === null) return `event ${countText(selected ?? 0)}`;
  const place = list.before + index + 1;
  const num = place === selected ? '' : ` #${selected}`; // filters and losses leave gaps: an event's number is what : takes
  return `${countText(place)}/${countText(counts.matches)}${counts.progress < 1 ? '+' : ''}${num}`;
}
