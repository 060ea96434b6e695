/** Events that bring containers and Kubernetes objects. */
import type { KubeSink } from '../kube/watcher.ts';
import { containerOfParams, readContainer } from './containers.ts';
import type { EventContext } from './event-context.ts';
import { addContainer, addObjects } from './kube.ts';
import type { MachineState } from './state.ts';
import type { EventKind } from './types.ts';

const NOTHING = new Uint8Array(0);

/** Adds what an event brings, if it brings something. */
export function addMetadata({ metadata }: EventKind, event: EventContext, state: MachineState, sink: KubeSink): void {
  if (metadata === 'container') addContainerOf(event, state, sink);
  else if (metadata === 'k8s') addObjects(sink, jsonOf(event, state));
}

function addContainerOf(event: EventContext, state: MachineState, sink: KubeSink): void {
  const note = event.schema.indexes.has('json') ? readContainer(jsonOf(event, state)) : containerOfParams(event.params);
  if (note === null) return;
  state.containerIps.set(note.id, note.ip);
  addContainer(sink, note);
}

function jsonOf({ params }: EventContext, { limits }: MachineState): Uint8Array {
  const raw = params.raw(0) ?? NOTHING;
  return limits.allow('longer texts', raw.length) ? raw : NOTHING;
}
