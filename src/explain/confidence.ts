/** How sure a cause is: less where events were lost near it, or where what would have shown another could not be seen. */
import type { Hidden } from '../capture/blind-spot-kinds.ts';
import { type BlindSpot, mattering } from '../capture/blind-spots.ts';
import { CATALOG } from './catalog.ts';
import { confirmText } from './confirm.ts';
import type { Cause, Confidence, JudgedCause } from './story.ts';

const LOST = 0.6;
const BLIND = 0.8;

/** `lost`: events that are missing from the time that the cause is about. */
function confidenceOf(cause: Cause, lost: number, spots: readonly BlindSpot[]): Confidence {
  const { needs, confirm } = CATALOG[cause.id];
  const blind = mattering(spots, needs).map(({ what }) => what);
  const because = [...(lost > 0 ? [`${lost} events were lost in this time`] : []), ...blind];
  return { value: cause.confidence * (lost > 0 ? LOST : 1) * BLIND ** blind.length, because, confirm: confirmText(confirm, cause) };
}

export function judged(causes: readonly Cause[], lost: number, spots: readonly BlindSpot[]): JudgedCause[] {
  return causes.map((cause) => ({ ...cause, sure: confidenceOf(cause, lost, spots) }));
}

/** What a search that finds nothing must have seen. Whose events were kept is said where a command was recorded: that is what it was asked for. */
const SEARCHED: readonly Hidden[] = ['events', 'waits', 'latency', 'end'];

export function blindnessOfNothing(spots: readonly BlindSpot[]): string[] {
  return mattering(spots, SEARCHED)
    .filter(({ id }) => id !== 'only')
    .map(({ what }) => what);
}

/** Blind spots that could have shown another cause than one of these: a sentence each. */
export function blindnessOf(causes: readonly Cause[], spots: readonly BlindSpot[]): string[] {
  return mattering(
    spots,
    causes.flatMap(({ id }) => CATALOG[id].needs),
  ).map(({ what }) => what);
}
