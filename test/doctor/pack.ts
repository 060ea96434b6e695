/**
 * Makes the captures of captures/doctor small: `TROWEL_KEEP=FOLDER npx vitest run test/doctor/lab.test.ts` (or, with
 * TROWEL_CLUSTER=1, test/kube/doctor.test.ts), then `node test/doctor/pack.ts FOLDER`. Only events of the laboratory's addresses stay, and of the node's state what checks read.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';

const ROOT = join(import.meta.dirname, '../..');
const LAB = '(fd.net=172.17.0.0/16 or fd.net=10.3.0.0/16)';
const NETWORK = `net.event exists and ${LAB}`;
const DNS = new Set(['dns-down', 'dns-hang', 'upstream-drop', 'upstream-silent', 'conntrack-full', 'kube-proxy-off', 'bridge-nf-off']);
const WRITES = new Set(['mtu-blackhole']);
const UNREAD = ['neighbour', 'policy'];
/** The machine below a laboratory's nodes is in its first namespace, with the kernel's own threads. */
const MACHINE = `SELECT key FROM node_fact WHERE kind = 'netns' AND value ->> 'comm' GLOB 'kworker*'`;
/** A few show what they look like. */
const MOST_FLOWS = 10;

/** `kube-`: of the real cluster. */
function filterOf(file: string): string {
  const name = file.replace(/^kube-/, '');
  if (DNS.has(name)) return `(${NETWORK}) or (dns.qname exists and (${LAB} or fd.rip=203.0.113.53))`;
  return WRITES.has(name) ? `(${NETWORK}) or (evt.io_dir=write and ${LAB} and fd.lport=80)` : NETWORK;
}

function pack(path: string, folder: string): void {
  const name = basename(path, '.trowel');
  const part = join(folder, `${name}.trowel`);
  execFileSync(join(ROOT, 'bin/trowel'), ['import', path, '-w', part, filterOf(name)]);
  const db = new Database(part);
  db.exec(`DELETE FROM node_fact WHERE kind IN (${UNREAD.map((kind) => `'${kind}'`).join(', ')})`);
  db.exec(`DELETE FROM node_fact WHERE netns IN (${MACHINE}); DELETE FROM node_fact WHERE kind = 'netns' AND key IN (${MACHINE})`);
  db.prepare(`DELETE FROM node_fact WHERE kind = 'flow' AND id NOT IN (SELECT id FROM node_fact WHERE kind = 'flow' LIMIT ?)`).run(
    MOST_FLOWS,
  );
  // where it was made, and by whom, is nobody's concern
  db.exec(
    `DELETE FROM meta WHERE key = 'command'; UPDATE process SET cwd = '/'; UPDATE process SET exepath = '' WHERE exepath GLOB '/tmp/*'`,
  );
  db.prepare('UPDATE text SET value = replace(value, ?, ?)').run(`${resolve('../shared/lab')}/`, '/opt/lab/');
  db.pragma('journal_mode = DELETE');
  db.pragma('page_size = 1024');
  db.exec('VACUUM');
  db.close();
  const packed = gzipSync(readFileSync(part), { level: 9 });
  writeFileSync(join(ROOT, 'captures/doctor', `${name}.trowel.gz`), packed);
  process.stdout.write(`${name} ${(packed.length / 1024).toFixed(0)} KiB\n`);
}

const kept = process.argv[2];
if (kept === undefined) throw new Error('usage: node test/doctor/pack.ts FOLDER');
const folder = mkdtempSync(join(tmpdir(), 'trowel-pack-'));
mkdirSync(join(ROOT, 'captures/doctor'), { recursive: true });
for (const name of readdirSync(kept)) if (name.endsWith('.trowel')) pack(join(kept, name), folder);
rmSync(folder, { recursive: true, force: true });
