/** Events go one way: each stage of src/scap knows those before it, and none behind. Imports of types count, too. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = 'src/scap';
const IMPORT = /from '(\.[^']+)'/g;

/** What no file of a stage may reach, by whatever way. */
const BEHIND: Readonly<Record<string, readonly string[]>> = {
  'blocks.ts': ['pairing.ts', 'state.ts', 'event-rows.ts', 'emitter.ts', 'reader.ts'],
  'pairing.ts': ['event-context.ts', 'state.ts', 'resolver.ts', 'event-rows.ts', 'emitter.ts', 'reader.ts'],
  'event-context.ts': ['state.ts', 'handlers.ts', 'resolver.ts', 'event-rows.ts', 'emitter.ts', 'reader.ts'],
  'state.ts': ['pairing.ts', 'event-context.ts', 'resolver.ts', 'event-rows.ts', 'emitter.ts', 'reader.ts'],
  'resolver.ts': ['pairing.ts', 'event-rows.ts', 'emitter.ts', 'reader.ts'],
  'emitter.ts': ['pairing.ts', 'resolver.ts', 'reader.ts'],
};

const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const imports = new Map(
  files.map((file) => [
    file,
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)]
      .map(([, target]) => relative(ROOT, normalize(join(ROOT, dirname(file), target!))))
      .filter((target) => !target.startsWith('..')),
  ]),
);

function reached(from: string, seen = new Set<string>()): Set<string> {
  for (const file of imports.get(from) ?? []) {
    if (seen.has(file)) continue;
    seen.add(file);
    reached(file, seen);
  }
  return seen;
}

test('no file of src/scap imports itself by way of others', () => {
  expect(files.filter((file) => reached(file).has(file))).toEqual([]);
});

test.each(Object.entries(BEHIND))('%s reaches no stage behind it', (file, behind) => {
  expect(imports.has(file)).toBe(true);
  const known = reached(file);
  expect(behind.filter((name) => known.has(name))).toEqual([]);
});
