import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Explanation, explain } from '../../src/explain/explain.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { hasIptables } from '../helpers/iptables.ts';
import { cleanUp, recordMeanwhile, whyNot } from '../live/recording.ts';
import { SCENES, type Scene } from './scenes.ts';

// They wait most of their time; more of them at once would wait for a CPU, and say so.
vi.setConfig({ maxConcurrency: 2 });

const reason = whyNot('latency', 'proc.exit');
/** What a scene needs besides, by its name: see native/feature.c. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'a full accept queue': ['accept_queue'],
  'no DNS server at all': ['net.drop'],
  'a packet filter that rejects': ['net.drop'],
};
/** The programs of the scenes. On a disk: /tmp may be memory, where fsync waits for nothing. */
const folder = mkdtempSync('/var/tmp/trowel-scenes-');
const PROGRAMS = ['sick', 'failing', 'musl'];

/** A folder of its own for a scene, with the programs in it: two scenes are played at once. */
function stageFolder(): string {
  const own = mkdtempSync(join(folder, 'scene-'));
  for (const program of PROGRAMS) if (existsSync(join(folder, program))) linkSync(join(folder, program), join(own, program));
  symlinkSync('/usr/bin/curl', join(own, 'unseen'));
  return own;
}

/**
 * Plays a scene under the recorder. On a busy machine events may be lost, and where nothing is wrong somebody waits for the disk or a
 * CPU all the same: then it is played again, up to three times.
 */
async function play({ script, cause }: Scene): Promise<Explanation> {
  const command = ['unshare', '-n', '-m', join(import.meta.dirname, 'stage'), stageFolder(), script];
  for (let tries = 1; ; tries++) {
    const { capture } = await recordMeanwhile(command, ['--only-command', '--no-node']);
    const explanation = explain(capture, { over: 100 * MS, pids: null });
    const asMeant = capture.dims.losses.size === 0 && (cause !== null || explanation.story === null);
    if (asMeant || tries === 3) return explanation;
  }
}

describe.skipIf(reason !== null)(`explain finds what was wrong (${reason ?? 'as root, with BTF'})`, { concurrent: true }, () => {
  beforeAll(() => {
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', join(folder, 'sick'), join(import.meta.dirname, 'sick.c')]);
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', join(folder, 'failing'), join(import.meta.dirname, 'failing.c')]);
    spawnSync('musl-gcc', ['-O1', '-o', join(folder, 'musl'), join(import.meta.dirname, 'sick.c')]);
  });
  afterAll(() => {
    cleanUp();
    rmSync(folder, { recursive: true, force: true });
  });

  test.for(SCENES)('$name', async (scene, { skip }) => {
    const lacking = whyNot(...(NEEDS[scene.name] ?? []));
    if (lacking !== null) skip(lacking);
    if (scene.script.includes('iptables') && !hasIptables()) skip('iptables is not installed, or may not be used');
    const { story } = await play(scene);
    const cause = story?.causes[0];
    expect(cause?.id ?? null, cause && sentenceOf(cause)).toBe(scene.whole ?? scene.cause);
    if (scene.says !== undefined) expect(sentenceOf(cause!)).toMatch(scene.says);
    for (const num of cause?.nums ?? []) expect(num).toBeGreaterThan(0);
  });

  test('a datagram to a port that nobody has', async ({ skip }) => {
    const lacking = whyNot('net.drop');
    if (lacking !== null) skip(lacking);
    const { story } = await play({ name: '', script: 'failing ask-datagram 99', cause: 'datagram-unanswered' });
    expect(sentenceOf(story!.causes[0]!)).toMatch(/sent a datagram to 127\.0\.0\.1:99, .* nobody has that port open there\.$/);
  });

  test.for([
    ['sleeps', 'for n in 1 2 3 4 5; do sleep 0.4; done', /^sleep, of which 5 ran under (bash|stage) \(\d+\), slept for \d\S+ s together, in 5 sleeps of/],
    ['computing after the last call', '"$folder/sick" compute 1500', /^sick \(\d+\) computed, or waited for a CPU for/],
  ] as const)('the command’s own time is the answer where nobody is to be blamed: %s', async ([, script, says]) => {
    const { story, own } = await play({ name: '', script, cause: null });
    expect(story).toBeNull();
    expect(sentenceOf(own!.causes[0]!)).toMatch(says);
    expect(own!.causes[0]!.nums.length).toBeGreaterThan(0);
  }); // biome-ignore format: a table

  test.for([
    ['a search domain that nobody answers for', 'start dns normal; "$folder/musl" look-up backend.app', 'dns-search-domain-fails', /musl gives up/],
    ['an AAAA question that is never answered', 'start dns no-aaaa; "$folder/musl" look-up a.b.c.d', 'dns-one-type-unanswered', /never answered the one for AAAA .*EAI_AGAIN/],
  ] as const)('%s, with musl, which gives up there', async ([, script, cause, says], { skip }) => {
    if (!existsSync(join(folder, 'musl'))) skip('musl-gcc is not installed');
    const { story } = await play({ name: '', script, cause });
    expect(story!.causes[0]!.id).toBe(cause);
    expect(sentenceOf(story!.causes[0]!)).toMatch(says);
  }); // biome-ignore format: a table
});
