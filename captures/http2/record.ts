/** Records the captures beside it anew: `node captures/http2/record.ts`, as root, in a built clone. HTTP/2 and gRPC in a network of their own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tidy } from '../../test/explain/tidy.ts';

const folder = mkdtempSync(join(tmpdir(), 'http2-'));
const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'inherit' });

function record(program: string, filter: string, name: string): void {
  const whole = join(folder, name);
  const target = `captures/http2/${name}`;
  const recording = `bin/trowel record -s 4096 -w ${whole} --only-command -- .node/bin/node captures/http2/${program}`;
  run('unshare', '--uts', '--net', 'sh', '-c', `hostname node-1; ip link set lo up; ${recording}`);
  rmSync(target, { force: true });
  run('bin/trowel', 'import', whole, filter, '-w', target);
  tidy(target);
}

try {
  record('traffic.mjs', 'fd.type=ipv4 and evt.is_io=true', 'http2.trowel');
  record('failing.mjs', 'proc.name=curl', 'failing.trowel');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
