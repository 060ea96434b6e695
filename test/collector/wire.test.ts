import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EventFlag } from '../../src/model/chunk.ts';
import { BYTE_COLUMN_NAMES, COLUMNS, NUMBER_COLUMN_NAMES, WIRE_COLUMN_NAMES, WIRE_TYPES, widthOf } from '../../src/model/columns.ts';
import { FD_KINDS, FD_ROLES } from '../../src/model/rows.ts';

/** The wire is described in three places: proto/trowel.proto, native/encode/batch.h, src/model/columns.ts. */
const proto = readFileSync('proto/trowel.proto', 'utf8');
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const ARRAYS: Readonly<Record<string, string>> = {
  Float64Array: 'f64',
  Uint16Array: 'u16',
  Uint32Array: 'u32',
  Int32Array: 'i32',
};

/** The shapes that the C compiler gives, and the numbers of the flags. */
function compiled(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-wire-'));
  const shape = (name: string) =>
    `printf("${name} %s\\n", _Generic(((struct batch *)0)->${name}[0], double: "f64", uint16_t: "u16", uint32_t: "u32", int32_t: "i32", default: "?"));`;
  const lines = [
    ...WIRE_COLUMN_NAMES.map((name) => shape(snake(name))),
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
  test('the protocol has the columns of the table, in its types, and no others', () => {
    const [, body] = /message Batch \{([^}]*)\}/.exec(proto)!;
    const columns = [...body!.matchAll(/bytes (\w+) = \d+; \/\/ n × ([a-z0-9]+)/g)].map(([, name, type]) => [name, type]);
    expect(Object.fromEntries(columns)).toEqual(Object.fromEntries(WIRE_COLUMN_NAMES.map((name) => [snake(name), WIRE_TYPES[name]])));
    const bytes = [...body!.matchAll(/bytes (\w+) = \d+;/g)].map(([, name]) => name);
    expect(bytes.sort()).toEqual([...WIRE_COLUMN_NAMES.map(snake), ...BYTE_COLUMN_NAMES].sort());
  });

  test.each(NUMBER_COLUMN_NAMES)('column %s is copied from the wire as it is', (name) => {
    const { array, wire } = COLUMNS[name];
    if (wire === null)
      expect(name).toBe('num'); // the collector numbers events
    else expect([ARRAYS[array.name], array.BYTES_PER_ELEMENT]).toEqual([wire, widthOf(wire)]);
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
    for (const name of WIRE_COLUMN_NAMES) expect(inC.get(snake(name)), name).toBe(WIRE_TYPES[name]);
    for (const [name, bit] of Object.entries(EventFlag)) expect(inC.get(name), name).toBe(String(bit));
  });
});
