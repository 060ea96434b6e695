/** Answers a lens' question, whoever asks. */
import type { Capture } from '../capture/capture.ts';
import type { CaptureContext } from '../event/view.ts';
import { type CompiledFilter, compileFilter } from '../filter/compile.ts';
import { echo } from './echo.ts';
import { argsOf, filled, type Lens, type LensArgs, type LensEcho, LensError, type LensTable, lensFilter, type RankAsk } from './lens.ts';
import { list } from './list.ts';
import { rank } from './rank.ts';
import { series } from './series.ts';

/** Lenses that can be asked of a time. */
const AT_TIMES = 'ps, tree, lsof, netstat, containers and pods';

/** What is asked for in place of the lens' own. */
export interface Instead {
  readonly by?: readonly string[];
  readonly measures?: readonly string[];
  /** Rows of a ranking. */
  readonly most?: number;
  /** Whose names stand beside what is shown. */
  readonly names?: Names;
}

export type Names = 'containers' | 'pods';

/** Fields of the names; they may be empty. */
const NAMES: Readonly<Record<Names, readonly string[]>> = {
  containers: ['container.name'],
  pods: ['k8s.ns.name', 'k8s.pod.name'],
};

/** The question, asked of a capture. */
export interface Question {
  readonly lens: Lens;
  /** Its arguments, in their order. */
  readonly words?: readonly string[];
  /** The user's filter. */
  readonly filter?: string;
  readonly instead?: Instead;
  /** Only of events that ended in this time, ns since the capture's start; both ends included. */
  readonly from?: number;
  readonly to?: number;
  /** As it was then: ns since the capture's start. */
  readonly at?: number;
}

/** Throws LensError for arguments that make no sense, FilterError for a filter that makes none. */
export function ask(question: Question, capture: Capture, context: CaptureContext): LensTable | LensEcho {
  const { lens, words = [], instead = {} } = question;
  compileFilter(question.filter ?? '', context); // a mistake is shown in what the user wrote, alone
  const filter = within(question);
  const args = argsOf(lens, words);
  if (question.at !== undefined) {
    if (lens.at === null)
      throw new LensError(`${lens.name} is about all of the capture: --at is for ${AT_TIMES}; a filter takes evt.reltime`);
    return lens.at(capture, compileFilter(filter, context), args, question.at);
  }
  return answer(lens, capture, compileFilter(lensFilter(lens, args, filter), context), args, instead);
}

/** The user's filter, of the time that is asked about. */
function within({ filter = '', from, to }: Question): string {
  const time = [from === undefined ? [] : `evt.reltime>=${from}`, to === undefined ? [] : `evt.reltime<=${to}`].flat();
  return [...time, ...(filter === '' || time.length === 0 ? [filter] : [`(${filter})`])].filter((part) => part !== '').join(' and ');
}

function answer(lens: Lens, capture: Capture, filter: CompiledFilter, args: LensArgs, instead: Instead): LensTable | LensEcho {
  const asked = lens.ask;
  if (asked.kind !== 'rank' && instead.by !== undefined)
    throw new LensError(`${lens.name} does not group events: --by is for those that do`);
  if (asked.kind !== 'rank' && asked.kind !== 'series' && instead.measures !== undefined)
    throw new LensError(`${lens.name} measures nothing: --measure is for rankings and for what goes over time`);
  if (instead.names !== undefined && (asked.kind === 'series' || asked.kind === 'own'))
    throw new LensError(`${lens.name} has no place for names of ${instead.names}: -p is for rankings, lists and what was read and written`);
  switch (asked.kind) {
    case 'rank':
      return rank(capture, filter, rankedBy(asked, args, instead), instead.measures ?? asked.measures, instead.most);
    case 'list':
      return list(capture, filter, [...asked.columns, ...namesBeside(asked.columns, instead)]);
    case 'echo':
      return echo(capture, filter);
    case 'series':
      return series(capture, filter, instead.measures ?? asked.measures);
    case 'own':
      return asked.look(capture, filter, args);
  }
}

/** The fields that a ranking groups by; one that ends in `?` may be empty. */
export function rankedBy(asked: RankAsk, args: LensArgs, instead: Instead): readonly string[] {
  const by = instead.by ?? asked.by.map((field) => filled(field, args));
  return [...by, ...namesBeside(by, instead).map((name) => `${name}?`)];
}

/** Fields of the names that are wanted, too, and not there yet. */
function namesBeside(there: readonly string[], { names }: Instead): readonly string[] {
  return names === undefined ? [] : NAMES[names].filter((name) => !there.includes(name) && !there.includes(`${name}?`));
}
