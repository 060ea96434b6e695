import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COLUMN_WIDTHS } from '../../src/collector/batch.ts';
import { EventFlag, NUMBER_COLUMNS, type NumberColumn } from '../../src/model/chunk.ts';
import { FD_KINDS, FD_ROLES } from '../../src/model/rows.ts';

/** The wire is described in three places: proto/trowel.proto, native/encode/batch.h, src/collector/batch.ts. */
const proto = readFileSync('proto/trowel.proto', 'utf8');
const columns = Object.keys(COLUMN_WIDTHS) as (keyof typeof COLUMN_WIDTHS)[];
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const SHAPES: Readonly<Record<string, string>> = {
  Float64Array: 'f64',
  Uint16Array: 'u16',
  Uint32Array: 'u32',
  Int32Array: 'i32',
};

/** The shape in which TypeScript reads a column. Lengths have none in the chunk: their width tells. */
function shapeHere(name: keyof typeof COLUMN_WIDTHS): string {
  const type = NUMBER_COLUMNS[name as NumberColumn] as { name: string } | undefined;
  return type === undefined ? `u${8 * COLUMN_WIDTHS[name]}` : SHAPES[type.name]!;
}

/** The shapes that the C compiler gives, and the numbers of the flags. */
function compiled(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-wire-'));
  const shape = (name: string) =>
    `printf("${name} %s\\n", _Generic(((struct batch *)0)->${name}[0], double: "f64", uint16_t: "u16", uint32_t: "u32", int32_t: "i32", default: "?"));`;
  const lines = [
    ...columns.map((name) => shape(snake(name))),
    ...Object.keys(EventFlag).map((name) => `printf("${name} %d\\n", EVENT_${name});`),
  ];
  const source = join(folder, 'wire.c');
  writeFileSync(source, `#include <stdio.h>\n#include "batch.h"\nint main(void) {\n${lines.join('\n')}\n}\n`);
  try {
    execFileSync('gcc', ['-Inative', '-Inative/encode', '-Inative/build', '-o', join(folder, 'wire'), source]);
    const printed = execFileSync(join(folder, 'wire'), { encoding: 'utf8' });
    return new Map(
      printed
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const reason = existsSync('native/build/trowel.pb-c.h') ? null : 'the probe is not built: make build';

describe('the wire', () => {
  test.each(columns)('column %s is in TypeScript as the protocol says', (name) => {
    const [, shape] = new RegExp(`bytes ${snake(name)} = \\d+; // n × ([a-z0-9]+)`).exec(proto) ?? [];
    expect(shapeHere(name)).toBe(shape);
    expect(8 * COLUMN_WIDTHS[name]).toBe(Number(shape!.slice(1)));
  });

  test('descriptors’ kinds and roles have the protocol’s numbers', () => {
    const numbers = (name: string) => {
      const [, body] = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(proto)!;
      return [...body!.matchAll(/[A-Z]+?_([A-Z0-9_]+) = (\d+);/g)].map(([, word, number]) => [word!.toLowerCase(), Number(number)]);
    };
    expect(numbers('FdKind')).toEqual(FD_KINDS.map((kind, i) => [kind, i]));
    expect(numbers('FdRole')).toEqual(FD_ROLES.map((role, i) => [role, i]));
  });

  test.skipIf(reason !== null)(`columns and flags are in C as they are here (${reason ?? 'by the compiler'})`, () => {
    const inC = compiled();
    for (const name of columns) expect(inC.get(snake(name)), name).toBe(shapeHere(name));
    for (const [name, bit] of Object.entries(EventFlag)) expect(inC.get(name), name).toBe(String(bit));
  });
});
