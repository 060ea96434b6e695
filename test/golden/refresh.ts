import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GOLDENS } from './cases.ts';

const root = join(import.meta.dirname, '../..');
for (const { file, args } of GOLDENS) {
  const printed = execFileSync(join(root, 'bin/trowel'), args, { cwd: root, env: { ...process.env, TZ: 'UTC' } });
  writeFileSync(join(root, 'test/golden', file), printed);
}
