import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** The module graph: a folder may import the folders behind it, and itself. */
const MAY_IMPORT: Record<string, string[]> = {
  model: [],
  scap: ['model', 'dns', 'kube', 'event', 'filter', 'capture'], // cgroup paths name containers; objects become rows as they do while recording
  dns: ['model'],
  node: ['model'],
  event: ['model'],
  filter: ['model', 'event'],
  report: ['model', 'event'],
  capture: ['model', 'event', 'filter'],
  store: ['model', 'filter', 'capture'],
  kube: ['model'],
  collector: ['model', 'dns', 'kube', 'node', 'event', 'filter', 'capture', 'store'],
  cluster: ['model', 'event', 'filter', 'capture', 'store'],
  lens: ['model', 'dns', 'event', 'filter', 'capture', 'report'],
  explain: ['model', 'dns', 'node', 'event', 'filter', 'capture', 'lens'],
  doctor: ['model', 'dns', 'kube', 'node', 'event', 'filter', 'capture', 'lens', 'explain'],
  output: ['model', 'scap', 'dns', 'node', 'event', 'filter', 'capture', 'report', 'lens', 'explain', 'doctor'],
  mcp: ['model', 'dns', 'doctor', 'event', 'filter', 'capture', 'lens', 'explain', 'report', 'output'],
  sql: ['model', 'dns', 'event', 'filter', 'capture', 'lens', 'explain', 'output'],
  tui: ['model', 'dns', 'event', 'filter', 'capture', 'lens', 'explain', 'doctor', 'report', 'output'],
  cli: [
    'model',
    'scap',
    'dns',
    'node',
    'event',
    'filter',
    'capture',
    'store',
    'kube',
    'collector',
    'cluster',
    'lens',
    'explain',
    'doctor',
    'report',
    'output',
    'tui',
    'sql',
    'mcp',
  ],
};

const IMPORT = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g;

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

const layerOf = (path: string) => path.split('/')[1]!;

test('each folder imports only what lies below it', () => {
  const offences: string[] = [];
  for (const file of sources('src')) {
    const allowed = MAY_IMPORT[layerOf(file)];
    expect(allowed, `src/${layerOf(file)} has no line in the module graph`).toBeDefined();
    for (const [, target] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const layer = layerOf(normalize(join(dirname(file), target!)));
      if (layer !== layerOf(file) && !allowed!.includes(layer)) offences.push(`${file} imports ${layer}`);
    }
  }
  expect(offences).toEqual([]);
});

test('the graph has no circle between folders', () => {
  const visit = (layer: string, path: string[]): void => {
    expect(path, `${[...path, layer].join(' → ')}`).not.toContain(layer);
    for (const below of MAY_IMPORT[layer]!) visit(below, [...path, layer]);
  };
  for (const layer of Object.keys(MAY_IMPORT)) visit(layer, []);
});
