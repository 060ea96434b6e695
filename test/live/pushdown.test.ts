import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pushedOf } from '../../src/collector/pushdown.ts';
import { FIELDS as ALL_FIELDS } from '../../src/event/fields/index.ts';
import { planFilter } from '../../src/filter/planner.ts';
import { seeded } from '../bench/synthetic.ts';
import { Generator, sample } from '../helpers/random-filters.ts';
import { cleanUp, type Recording, record, whyNot } from './recording.ts';

const reason = whyNot('latency', 'proc.exec', 'proc.fork');
/** Files, sockets, processes and a wait, the same each time. */
const WORK = [
  'sh',
  '-c',
  'cat /etc/hostname /etc/hosts >/dev/null; sleep 0.02; (cat /etc/passwd | wc -l) >/dev/null; curl -s http://127.0.0.1:9/ || true',
];
const FIELDS = [
  'evt.type',
  'evt.rawres',
  'proc.name',
  'proc.pname',
  'proc.aname',
  'proc.exepath',
  'proc.cmdline',
  'fd.name',
  'fd.type',
] as const;

const SEED = Number(process.env.PUSHDOWN_SEED ?? 20_261_128);
/** Fields that the kernel compares and that say the same in every run. */
const ALIKE = ALL_FIELDS.filter(({ pushdown }) => pushdown === 'call' || pushdown === 'comm' || pushdown === 'fdKind');

/** What the matching events are, without what differs from run to run. */
function content(recording: Recording, filter: string): string[] {
  const plain = (value: unknown) =>
    String(value)
      .replace(/\[?[0-9]{3,}\]?/g, '#')
      .replace(/MainThread,.*/, '…');
  return recording
    .rows(filter, FIELDS)
    .map((row) => FIELDS.map((field) => plain(row[field])).join(' '))
    .sort();
}

/** How many events left the kernel, but for those of processes: whoever else forks here is told, too. */
function emitted(recording: Recording): number {
  return [...recording.capture.dims.counters.all()].reduce((sum, { family, emitted: n }) => sum + (family === 'process' ? 0 : n), 0);
}

describe.skipIf(reason !== null)(`a filter while recording (${reason ?? 'as root, with BTF'})`, () => {
  afterAll(cleanUp);

  test.each([
    ['proc.name=cat', true],
    ['proc.name=cat and fd.type=file', true],
    ['proc.name in (curl, wc) and evt.type in (connect, read, write)', true],
    ['fd.type in (ipv4, ipv6) and proc.name=curl', true],
    ['evt.type in (execve, procexit) and proc.name in (cat, wc, curl)', true],
    ['fd.name=/etc/hosts and evt.is_io_read=true', false],
    ['proc.pname=sh and evt.type=openat', true],
  ])('keeps of the same work what %s selects afterwards, under the same names', (filter, pushed) => {
    const whole = record(WORK, ['--only-command', '--no-node']);
    const part = record(WORK, ['--only-command', '--no-node', filter]);
    expect(content(part, '')).toEqual(content(whole, filter));
    expect(content(part, '').length).toBeGreaterThan(0);
    if (pushed) expect(emitted(part)).toBeLessThan(emitted(whole));
    expect(content(part, filter)).toEqual(content(part, ''));
  });

  test('keeps what random filters select afterwards', () => {
    const folder = mkdtempSync(join(tmpdir(), 'trowel-random-'));
    const work = ['sh', '-c', `cd ${folder}; ${WORK[2]}`];
    const ours = (filter: string) => `(${filter || 'evt.num>0'}) and proc.cwd startswith ${folder}`; // opens of others are let through to name files
    const whole = record(work, ['--only-command', '--no-node']);
    const taken = sample(whole.path);
    const generator = new Generator(seeded(SEED), taken, ALIKE);
    let [tried, made] = [0, 0];
    while (tried < 6 && made++ < 500) {
      const filter = generator.filter();
      const wanted = content(whole, ours(filter));
      if (wanted.length === 0 || Object.keys(pushedOf(planFilter(filter).plan)).length === 0) continue;
      tried++;
      expect(content(record(work, ['--only-command', '--no-node', filter]), ours('')), `seed ${SEED}: ${filter}`).toEqual(wanted);
    }
    taken.capture.close();
    rmSync(folder, { recursive: true });
    expect(tried).toBe(6);
  }, 120_000);

  test('of a slow call alone the file is known by name', () => {
    const part = record(
      ['sh', '-c', 'exec 3>/tmp/trowel-slow; dd if=/dev/zero bs=1M count=64 conv=fsync status=none >&3; rm /tmp/trowel-slow'],
      ['--only-command', '--no-node', 'evt.latency>=1ms and evt.type in (write, fsync)'],
    );
    const names = new Set(part.values('', 'fd.name'));
    expect([...names]).toEqual(['/tmp/trowel-slow']);
  });

  test('a cgroup: what is in it and nothing else', () => {
    const script =
      'g=/sys/fs/cgroup/trowel-test; [ -e /sys/fs/cgroup/cgroup.controllers ] || g=/sys/fs/cgroup/pids/trowel-test; mkdir -p $g; sh -c "echo \\$\\$ >$g/cgroup.procs; exec cat /etc/hosts" >/dev/null; cat /etc/hostname >/dev/null; rmdir $g';
    const path = ['/sys/fs/cgroup/cgroup.controllers'].some((file) => existsSync(file)) ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids';
    mkdirSync(`${path}/trowel-test`, { recursive: true });
    const part = record(['sh', '-c', script], ['--no-node', '--cgroup', `${path}/trowel-test`]);
    expect(part.count('fd.name=/etc/hosts')).toBeGreaterThan(0);
    expect(part.count('fd.name=/etc/hostname')).toBe(0);
  });
});
