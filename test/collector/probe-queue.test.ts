/** The queue between the probe's two threads: nothing is lost in it, and all comes out in its order. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';

const native = join(packageRoot(), 'native');
const unbuilt = !existsSync(join(native, 'build/trowel-probe'));

test.skipIf(unbuilt)(`each of 300,000 records comes out as it went in${unbuilt ? ' (the probe is not built: make build)' : ''}`, () => {
  const made = spawnSync('make', ['-s', '-C', native, 'build/queue'], { encoding: 'utf8' });
  expect(made.status, made.stderr).toBe(0);
  const ran = spawnSync(join(native, 'build/queue'), ['300000'], { encoding: 'utf8' });
  expect(ran.stdout).toBe('300000 of 300000, 0 of it in use\n');
  expect(ran.status).toBe(0);
});
