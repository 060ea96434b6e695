/** How sure a cause is: less where events were lost near it, where something could not be seen, or where evidence speaks against it. */
import { blindSpots } from './blind.ts';
import { CATALOG, type CauseId } from './catalog.ts';
import type { Scene } from './scene.ts';
import type { Cause, Confidence } from './story.ts';

const LOST = 0.6;
const BLIND = 0.8;
const TOLD = 0.85;

/** `lost`: events that are missing from the time that the cause is about. */
export function confidenceOf(cause: Cause, lost: number, scene: Scene): Confidence {
  const row = CATALOG[cause.id as CauseId] as (typeof CATALOG)[CauseId] | undefined;
  const spots = blindSpots(scene.capture).filter(({ kind }) => row?.needs.includes(kind) === true);
  const because = [...(lost > 0 ? [`${lost} events were lost in this time`] : []), ...spots.map(({ text }) => text)];
  const base = cause.confidence ?? row?.confidence ?? TOLD;
  return { value: base * (lost > 0 ? LOST : 1) * BLIND ** spots.length, because, confirm: row?.confirm ?? '' };
}
