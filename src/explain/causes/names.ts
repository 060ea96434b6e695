/** Who spent a phase, and which drops explain it. */
import type { Phase, ProcessName, Trouble } from '../story.ts';

/** Drops that would explain silence; those that only follow from something else are not among them. */
export function drops(trouble: readonly Trouble[]): Trouble[] {
  return trouble.filter(
    ({ type, reason }) => type === 'packet_drop' && reason !== '' && reason !== 'NOT_SPECIFIED' && reason !== 'TCP_CLOSE',
  );
}

/** Who spent a phase. */
export function ownerOf(phase: Phase, process: ProcessName): ProcessName {
  return phase.process ?? process;
}

/** `a, b and c`, for fixes. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
