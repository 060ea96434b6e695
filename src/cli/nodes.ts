/** `--node`: which nodes' recordings are asked, where there are several. One set for the run, as definitions are. */
import type { EventStream } from '../capture/event-stream.ts';

const chosen: string[] = [];

export function chooseNodes(names: readonly string[]): void {
  chosen.push(...names);
}

const namespaces: string[] = [];

/** `--only-ns`. */
export function chooseNamespaces(names: readonly string[]): void {
  namespaces.push(...names);
}

/** Empty: all. */
export const chosenNamespaces = (): readonly string[] => namespaces;

/** Empty: all. */
export const chosenNodes = (): readonly string[] => chosen;

export const isChosen = ({ meta }: Pick<EventStream, 'meta'>): boolean => chosen.length === 0 || chosen.includes(meta.hostname ?? '');
