import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { GOLDENS } from './cases.ts';

const root = packageRoot();

describe('the shipped captures print as they did', () => {
  test.each(GOLDENS)('$file', ({ file, args }) => {
    const printed = execFileSync(join(root, 'bin/trowel'), [...args], { cwd: root, env: { ...process.env, TZ: 'UTC' }, encoding: 'utf8' });
    expect(printed).toBe(readFileSync(join(root, 'test/golden', file), 'utf8'));
  });
});
