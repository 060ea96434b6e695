// Writes docs/schema anew: what `--json` prints, one JSON Schema a report.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const schema = (...args) => execFileSync(join(root, 'bin/trowel'), ['schema', ...args], { encoding: 'utf8' });
mkdirSync(join(root, 'docs/schema'), { recursive: true });
for (const id of schema().trim().split('\n')) writeFileSync(join(root, 'docs/schema', `${id}.json`), schema(id));
