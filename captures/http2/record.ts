/** Records captures/http2/http2.trowel anew: `node captures/http2/record.ts`, as root, in a built clone. HTTP/2 and gRPC in a network of their own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tidy } from '../../test/explain/tidy.ts';

const TARGET = 'captures/http2/http2.trowel';
const folder = mkdtempSync(join(tmpdir(), 'http2-'));
const whole = join(folder, 'whole.trowel');
const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'inherit' });
try {
  const record = `bin/trowel record -s 4096 -w ${whole} --only-command -- .node/bin/node captures/http2/traffic.mjs`;
  run('unshare', '--uts', '--net', 'sh', '-c', `hostname node-1; ip link set lo up; ${record}`);
  rmSync(TARGET, { force: true });
  run('bin/trowel', 'import', whole, 'fd.type=ipv4 and evt.is_io=true', '-w', TARGET);
  tidy(TARGET);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
