/**
 * Records the scenes that are not yet in captures/scenes, those that are named, or with --all every one:
 * `node test/explain/record-scenes.ts [--all] [FILE…]`, as root, in a clone whose path may be published, built.
 * What is kept is what the scene's own programs did, and what the kernel said of their packets.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SCENES, slug } from './scenes.ts';
import { tidy } from './tidy.ts';

/** What a program loads when it starts is in each scene the same. */
const LOADING = ['/lib/', '/usr/lib/', '/etc/ld.so'].flatMap((folder) => [
  `fd.name startswith ${folder}`,
  `evt.arg.path startswith ${folder}`,
]);
const KEPT = `(proc.name in (sick, failing, curl, cat, sleep) or evt.type in (kill, procexit) or evt.type in (packet_drop, connect_unanswered, tcp_retransmit, tcp_reset_sent, tcp_reset_received, accept_queue_full)) and not (evt.type in (openat, close, read, pread) and (${LOADING.join(' or ')}))`;
const bin = 'bin/trowel';
const folder = mkdtempSync('/tmp/scene-');
const target = 'captures/scenes';
const quiet = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };

for (const name of ['sick', 'failing']) execFileSync('gcc', ['-O1', '-o', join(folder, name), `test/explain/${name}.c`]);
symlinkSync('/usr/bin/curl', join(folder, 'unseen'));
const all = process.argv.includes('--all');
const named = process.argv.slice(2).filter((word) => word !== '--all');
if (all) rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
try {
  for (const scene of SCENES.filter((one) => named.length === 0 || named.includes(slug(one)))) {
    const whole = join(folder, 'whole.trowel');
    const path = join(target, `${slug(scene)}.trowel`);
    if (existsSync(path) && named.length === 0) continue;
    for (const old of [whole, path]) rmSync(old, { force: true });
    const stage = ['unshare', '-n', '-m', 'test/explain/stage', folder, scene.script];
    const command = [
      'unshare',
      '--uts',
      'sh',
      '-c',
      'hostname node-1; exec "$@"',
      'sh',
      bin,
      'record',
      '-w',
      whole,
      '--only-command',
      '--',
      ...stage,
    ];
    execFileSync(command[0]!, command.slice(1), quiet);
    execFileSync(bin, ['import', whole, KEPT, '-w', path], quiet);
    tidy(path);
    console.log(path);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
