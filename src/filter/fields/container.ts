import type { Field } from '../field.ts';

/** Ids are shown as docker and sysdig show them. */
const SHORT = 12;

// biome-ignore format: a table
export const CONTAINER_FIELDS: readonly Field[] = [
  { name: 'container.id', type: 'text', scope: 'thread', doc: 'first 12 characters of the container’s id; host: none', example: 'container.id!=host', read: (view) => (view.process === null ? null : view.process.container.slice(0, SHORT) || 'host') },
  { name: 'container.full_id', type: 'text', scope: 'thread', doc: 'whole id of the container; host: none', example: 'container.full_id!=host', read: (view) => (view.process === null ? null : view.process.container || 'host') },
];
