/** The same request in two captures, such as a good and a bad one: the steps of its path side by side. */
import type { Kind, Phase, Story } from './story.ts';

/** A step that either has; null: it has none such. */
export interface Step {
  readonly kind: Kind;
  readonly what: string;
  /** ns of the path. */
  readonly first: number | null;
  readonly second: number | null;
  /** Second minus first; one that is missing took nothing. */
  readonly difference: number;
  /** Numbers of the events with which it begins. */
  readonly firstNum: number | null;
  readonly secondNum: number | null;
}

interface Sum {
  readonly phase: Phase;
  duration: number;
}

/** Steps of one kind about one thing are one; those that differ most come first, and those that took as long are left out. */
export function diffStories(first: Story, second: Story): Step[] {
  const [a, b] = [sumsOf(first), sumsOf(second)];
  const steps = [...new Set([...a.keys(), ...b.keys()])].map((key) => stepOf(a.get(key) ?? null, b.get(key) ?? null));
  return steps.filter(({ difference }) => difference !== 0).sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference));
}

function sumsOf({ phases }: Story): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const phase of phases) {
    const key = `${phase.kind} ${phase.what}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { phase, duration: phase.duration });
    else sum.duration += phase.duration;
  }
  return sums;
}

function stepOf(a: Sum | null, b: Sum | null): Step {
  const { kind, what } = (a ?? b)!.phase;
  return {
    kind,
    what,
    first: a?.duration ?? null,
    second: b?.duration ?? null,
    difference: (b?.duration ?? 0) - (a?.duration ?? 0),
    firstNum: a?.phase.first ?? null,
    secondNum: b?.phase.first ?? null,
  };
}
