/** `trowel slice`: what matches, or what a verdict cites, as a capture of its own under the same event numbers. */
import type { Capture } from '../capture/capture.ts';
import { list } from '../explain/explain.ts';
import type { Phase, Story } from '../explain/story.ts';
import { compileFilter } from '../filter/compile.ts';
import { say } from '../output/stderr.ts';
import { extract } from '../store/extract.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';
import { openCapture } from './open-capture.ts';
import { parseSpan } from './span.ts';
import { newTarget } from './target.ts';

export interface SliceOptions {
  readonly write: string;
  readonly story?: number;
  readonly over: string;
}

export async function slice(path: string, filterText: string, options: SliceOptions): Promise<void> {
  if (filterText === '' && options.story === undefined) throw new UsageError('slice takes a filter, or --story N');
  const target = newTarget(options.write);
  const capture = await openCapture(path);
  try {
    compileFilter(filterText, contextOf(capture)); // a mistake is shown in what the user wrote, alone
    const cited = options.story === undefined ? '' : numbersFilter(storyNumbers(capture, options.story, options.over));
    const filter = [cited, filterText]
      .filter((text) => text !== '')
      .map((text) => `(${text})`)
      .join(' and ');
    const events = extract(capture, compileFilter(filter, contextOf(capture)), target);
    say(`${target}: ${events} events${events === 0 ? ': nothing matches' : ''}`);
  } finally {
    capture.close();
  }
}

const MOST_STORIES = 50;

function storyNumbers(capture: Capture, nth: number, over: string): number[] {
  const stories = list(capture, { over: parseSpan('--over', over), pids: null }, Math.min(nth, MOST_STORIES));
  const story = stories[nth - 1];
  if (story === undefined || nth < 1)
    throw new UsageError(
      `--story ${nth}: there ${stories.length === 1 ? 'is one story' : `are ${stories.length} stories`}; explain --list shows them`,
    );
  return citedBy(story);
}

/** Numbers of all events that a story refers to, ascending. */
export function citedBy({ causes, phases, failures, lookups }: Story): number[] {
  const nums = [
    ...causes.flatMap((cause) => cause.nums),
    ...phases.flatMap(citedByPhase),
    ...failures.flatMap(({ num, last }) => [num, last]),
    ...lookups.flatMap(({ attempts }) => attempts.flatMap(({ queries, answers }) => [...queries, ...answers].map(({ num }) => num))),
  ];
  return [...new Set(nums)].filter((num) => num > 0).sort((a, b) => a - b);
}

function citedByPhase({ first, last, socket, dns }: Phase): number[] {
  const peer = socket?.peer ?? null;
  return [
    first,
    last,
    ...(peer === null ? [] : [...peer.nums, ...peer.phases.flatMap(citedByPhase)]),
    ...(socket?.trouble ?? []).map(({ num }) => num),
    ...(dns?.hops ?? []).map(({ query }) => query.num),
  ];
}

const numbersFilter = (nums: readonly number[]) => (nums.length === 0 ? 'evt.num=0' : `evt.num in (${nums.join(', ')})`);
