/** A field is its row: outside src/event nothing is done for a field because of its name. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FIELDS } from '../../src/event/fields/index.ts';
import { OPEN_CALLS } from '../../src/model/calls.ts';

const NAMES = new Set(FIELDS.map(({ name }) => name));
const MENTION = /\b[a-z0-9]+(?:\.[a-z0-9_]+)+/g;

/** Where names of fields stand, and what for. None of these has to know of a new field. */
const ALLOWED: Readonly<Record<string, string>> = {
  'filter/constant.ts': 'examples in messages',
  'filter/diagnose.ts': 'examples in messages',
  'filter/hints.ts': 'examples in messages',
  'filter/planner.ts': 'examples in a message',
  'filter/transformers.ts': 'examples in messages',
  'cli/import.ts': 'a filter of ours',
  'cli/kube.ts': 'a filter of ours',
  'cli/lens-live.ts': 'a filter of ours',
  'cli/slice.ts': 'a filter of ours',
  'cli/report.ts': 'a filter of ours',
  'cli/export.ts': 'the columns that an export has of its own accord',
  'cli/printer.ts': 'a filter of ours',
  'cli/within-times.ts': 'a filter of ours',
  'cli/chisel-args.ts': 'filters of ours, and what to use in place of an argument',
  'cli/sysdig-options.ts': 'what to use in place of an option',
  'cli/open-capture.ts': 'what to use in place of an option',
  'cli/explain.ts': 'a filter of ours, and keys of JSON',
  'cli/dns.ts': 'keys of JSON',
  'cli/lens.ts': 'keys of JSON',
};

function* sources(folder: string): Iterable<string> {
  for (const entry of readdirSync(join('src', folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else yield path;
  }
}

/** A file's strings and templates; comments may say what they like. */
function texts(path: string): string[] {
  const code = readFileSync(join('src', path), 'utf8').replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '');
  return [...code.matchAll(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\\n]|\\.)*"/g)].map(([text]) => text.slice(1, -1));
}

function mentioned(path: string): string[] {
  return texts(path)
    .flatMap((text) => text.match(MENTION) ?? [])
    .filter((name) => NAMES.has(name));
}

test('no name of a field stands in filter, pushdown or cli but in examples and keys', () => {
  const files = [...sources('filter'), ...sources('cli'), 'collector/pushdown.ts'];
  const found = files.filter((path) => !(path in ALLOWED) && mentioned(path).length > 0);
  expect(found.map((path) => `${path}: ${mentioned(path).join(' ')}`)).toEqual([]);
});

test('nothing in filter and pushdown compares with the name of a field', () => {
  for (const path of [...sources('filter'), 'collector/pushdown.ts'])
    expect(
      texts(path).filter((text) => NAMES.has(text)),
      path,
    ).toEqual([]);
});

test('no name that a field has elsewhere is another field, or another field’s', () => {
  const owners = new Map<string, string>();
  for (const { name, aliases = [], short = [] } of FIELDS) {
    for (const alias of aliases) {
      expect(NAMES.has(alias), alias).toBe(false);
      expect(owners.get(alias), alias).toBeUndefined();
      owners.set(alias, name);
    }
    for (const word of short) expect(word, name).toMatch(/^[a-z]+$/);
  }
  const words = FIELDS.flatMap(({ short = [] }) => short);
  expect(new Set(words).size).toBe(words.length);
});

test('a row that names other fields names such that exist', () => {
  for (const { name, companions, instead = [], packets = [] } of FIELDS) {
    for (const other of [...instead, ...packets, ...(companions === undefined ? [] : Object.values(companions))])
      expect(NAMES.has(other), name).toBe(true);
  }
});

test('calls that open a path are told by the table', () => {
  expect([...OPEN_CALLS].sort()).toEqual(['creat', 'open', 'openat', 'openat2']);
});
