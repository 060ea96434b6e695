/** What waited, for what, and what to do about it: each line leads to the event that shows it. */
import { NotThere } from '../../explain/choice.ts';
import { type Explanation, explain } from '../../explain/explain.ts';
import type { Story } from '../../explain/story.ts';
import { nothingLines, storyLines } from '../../output/story.ts';
import { type ScreenRow, type ScreenSpec, type ScreenTable, screenColumn } from './screen.ts';
import { OVER, ofWhom, storiesOf, wantedPids } from './stories.ts';

/** A line of the path in `trowel explain` ends with the events that show it: `413–416`, `444 652 449`. */
const EVIDENCE = /(\d+)(?:–\d+)?(?: \d+)*$/;

/** What stands above them. */
const TITLE = /EVENTS$/;

export const STORY: ScreenSpec = {
  id: 'story',
  aliases: ['why', 'explain'],
  sentence: 'what waited longest, for what, and what to do',
  filter: '',
  enter: 'event',
  keys: [
    { keys: ['n'], help: 'the next story', bar: 'next', does: 'next' },
    { keys: ['N'], help: 'the story before', does: 'before' },
    { keys: ['L'], help: 'the list of stories', bar: 'list', does: { to: 'findings' } },
  ],
  read: (source) => {
    const { capture, event, nth } = source;
    try {
      if (nth !== undefined) return nthTable(storiesOf(source), nth, capture.epoch);
      if (event !== null) return tableOf(explain(capture, { over: OVER, pids: null, event }), capture.epoch);
      const told = tableOf(explain(capture, { over: OVER, pids: wantedPids(source) }), capture.epoch);
      return { ...told, head: [...told.head, ...ofWhom(source)] };
    } catch (error) {
      if (error instanceof NotThere) return textTable(['This event belongs to no process that is known.']);
      throw error;
    }
  },
};

function nthTable(stories: readonly Story[], nth: number, epoch: bigint): ScreenTable {
  const story = stories[nth];
  if (story === undefined) return textTable([`There are ${stories.length} stories, and no more.`]);
  const table = textTable(storyLines(story, epoch));
  return { ...table, head: [...table.head, `story ${nth + 1} of ${stories.length}`] };
}

function tableOf({ story, over, looked }: Explanation, epoch: bigint): ScreenTable {
  return textTable(story === null ? nothingLines(over, looked) : storyLines(story, epoch));
}

function textTable(lines: readonly string[]): ScreenTable {
  const [sentence = '', ...more] = lines;
  const rest = more[0] === '' ? more.slice(1) : more; // a blank stands there anyway
  const shares = rest.map((line) => Number(/^ +([0-9.]+) %/.exec(line)?.[1] ?? 0));
  const first = Math.max(0, shares.indexOf(Math.max(...shares)));
  return { head: [sentence], columns: [screenColumn('', 'text')], rows: rest.map(rowOf), first };
}

function rowOf(line: string): ScreenRow {
  const found = EVIDENCE.exec(line.trimEnd());
  const num = found === null || !/\s{2,}/.test(line) ? null : Number(found[1]);
  const end = num === null ? TITLE.exec(line)?.[0] : found![0];
  return { cells: [line], num, drill: null, ...(end === undefined ? {} : { end }) };
}
