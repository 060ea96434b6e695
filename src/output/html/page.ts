/** A page that explains a capture to somebody who does not have it. It holds no script and fetches nothing. */
import type { BlindSpot } from '../../capture/blind-spots.ts';
import type { Phase, Story } from '../../explain/story.ts';
import { clockText, type Epoch, spanText } from '../../model/time.ts';
import { sentenceOf } from '../sentences.ts';
import { type Child, element, type Html, table } from './element.ts';
import { STYLE } from './style.ts';

/** An event that a story cites. */
export interface Evidence {
  readonly num: number;
  readonly time: number;
  readonly process: string;
  readonly type: string;
  readonly latency: number | null;
  readonly what: string;
}

export interface Page {
  readonly file: string;
  /** What is known of the recording, as names and values. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly stories: readonly { readonly story: Story; readonly evidence: readonly Evidence[]; readonly leftOut: number }[];
  readonly blindSpots: readonly BlindSpot[];
  /** Said where there is no story. */
  readonly nothing: readonly string[];
  readonly epoch: Epoch;
  /** What is done with every captured text. */
  readonly text: (text: string) => string;
}

const CSP = "default-src 'none'; style-src 'unsafe-inline'";
const MOST_PHASES = 25;
/** Phases that took less have no bar, but these. */
const SHOWN_SHARE = 0.005;
const ALWAYS: ReadonlySet<string> = new Set(['dns', 'connect', 'tls', 'server']);
const NUMBERS: ReadonlySet<string> = new Set(['time', 'share', 'event', 'took']);

export function pageText(page: Page): string {
  const { file, text } = page;
  const head = element('head', {}, element('title', {}, `Trowel: ${text(file)}`), STYLE).text.replace(
    '<head>',
    `<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${CSP}"><meta name="viewport" content="width=device-width">`,
  );
  const body = element('body', {}, element('h1', {}, `What happened in ${text(file)}`), ...sections(page));
  return `<!doctype html>\n<html lang="en">${head}${body.text}</html>\n`;
}

function sections(page: Page): Html[] {
  const { stories, nothing, facts, blindSpots, text } = page;
  const found = stories.length === 0 ? nothing.map((line) => element('p', {}, text(line))) : contents(page);
  const spots = blindSpots.map(({ what, reason }) => [text(what), text(reason)]);
  return [
    ...found,
    ...stories.flatMap((_, i) => storySection(page, i)),
    element('h2', {}, 'The recording'),
    table(
      ['fact', 'value'],
      facts.map(([name, value]) => [name, text(value)]),
    ),
    ...(spots.length === 0 ? [] : [element('h3', {}, 'What it cannot show'), table(['what', 'why'], spots)]),
    element('p', { class: 'soft' }, 'Secrets are redacted and addresses have other names. Made by Trowel.'),
  ];
}

function contents({ stories, text }: Page): Html[] {
  const items = stories.map(({ story }, i) => element('li', {}, element('a', { href: `#story-${i + 1}` }, text(titleOf(story)))));
  return [element('ol', {}, ...items)];
}

function titleOf({ causes, process }: Story): string {
  return causes[0] === undefined ? `${process.comm} (${process.pid}): no single cause stands out.` : sentenceOf(causes[0]);
}

function storySection(page: Page, index: number): Html[] {
  const { epoch, text } = page;
  const { story, evidence, leftOut } = page.stories[index]!;
  const { process, pod, start, end, causes, confidence, unseen, command } = story;
  const where = pod === null ? '' : ` in pod ${text(pod)}`;
  return [
    element('h2', { id: `story-${index + 1}` }, `${index + 1}. ${text(titleOf(story))}`),
    element(
      'p',
      { class: 'soft' },
      `${spanText(end - start)} of ${text(process.comm)} (${process.pid})${where}, from ${clockText(epoch, start)}: `,
      element('code', {}, text(command)),
    ),
    ...timeline(story, text),
    ...listed('Also', causes.slice(1).map(sentenceOf), text),
    ...listed('What to do', [...new Set(causes.flatMap(({ fixes }) => fixes))], text),
    ...listed('Not seen', unseen, text),
    ...(confidence === null
      ? []
      : listed(
          `How sure: ${(100 * confidence.value).toFixed(0)} %`,
          [...confidence.because, confidence.confirm].filter((line) => line !== ''),
          text,
        )),
    ...lookupTables(story, text),
    ...evidenceTable(page, evidence, leftOut),
  ];
}

function listed(title: string, lines: readonly string[], text: Page['text']): Html[] {
  if (lines.length === 0) return title.startsWith('How sure') ? [element('h3', {}, title)] : [];
  return [element('h3', {}, title), element('ul', {}, ...lines.map((line) => element('li', {}, text(line))))];
}

/** A bar for each phase, from where it began, as long as it took in all; a table of the same for those who want numbers. */
function timeline({ phases, start, end }: Story, text: Page['text']): Html[] {
  const whole = Math.max(1, end - start);
  const long = [...phases].sort((a, b) => b.duration - a.duration).slice(0, MOST_PHASES);
  const shown = long.filter((phase) => ALWAYS.has(phase.kind) || phase.duration >= SHOWN_SHARE * whole).sort((a, b) => a.start - b.start);
  const rows = long.map((phase): Child[] => [
    spanText(phase.duration),
    share(phase, whole),
    phase.kind,
    text(phase.what),
    `${phase.first}…${phase.last}`,
  ]);
  return [
    element('h3', {}, 'Where the time went'),
    ...shown.map((phase) => bar(phase, start, whole, text)),
    element('details', {}, element('summary', {}, 'as numbers'), table(['time', 'share', 'where', 'what', 'events'], rows, NUMBERS)),
  ];
}

const share = ({ duration }: Phase, whole: number) => `${((100 * duration) / whole).toFixed(1)} %`;

function bar(phase: Phase, start: number, whole: number, text: Page['text']): Html {
  const percent = (ns: number) => `${Math.min(100, Math.max(0, (100 * ns) / whole)).toFixed(3)}%`;
  const style = `left:${percent(phase.start - start)};width:${percent(phase.duration)}`;
  const label = [phase.kind, text(phase.what), spanText(phase.duration)].filter((part) => part !== '').join(' · ');
  return element('div', { class: 'line' }, element('div', { class: `bar ${phase.kind}`, style }), element('span', {}, label));
}

function lookupTables({ lookups }: Story, text: Page['text']): Html[] {
  const rows = lookups.flatMap(({ attempts }) =>
    attempts.map(({ name, suffix, server, result, start, end }): Child[] => [
      text(name),
      text(suffix),
      text(server),
      result,
      spanText(end - start),
    ]),
  );
  return rows.length === 0
    ? []
    : [element('h3', {}, 'Names that were looked up'), table(['name', 'search domain', 'server', 'result', 'took'], rows, NUMBERS)];
}

function evidenceTable({ epoch, text }: Page, evidence: readonly Evidence[], leftOut: number): Html[] {
  if (evidence.length === 0) return [];
  const rows = evidence.map(({ num, time, process, type, latency, what }): Child[] => [
    num,
    clockText(epoch, time),
    text(process),
    type,
    latency === null ? '' : spanText(latency),
    element('code', {}, text(what)),
  ]);
  const more = leftOut === 0 ? [] : [element('p', { class: 'soft' }, `${leftOut} more are left out.`)];
  const titles = ['event', 'when', 'process', 'call', 'took', 'what'];
  return [element('details', {}, element('summary', {}, `Evidence: ${evidence.length} events`), table(titles, rows, NUMBERS), ...more)];
}
