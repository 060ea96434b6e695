import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import type { Story } from '../../src/explain/story.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { laboratory } from '../helpers/laboratory.ts';

/** The capture of the article that this project grew from, as sysdig recorded it in 2016: without the client's own questions. */
const SCAP = '../shared/scap/critical-app.scap';
const SUFFIX = 'backend.critical-app.svc.cluster.local';

laboratory('the article’s capture', existsSync(SCAP) ? null : '../shared is absent', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-article-'));
  let capture: CaptureReader;
  let story: Story;
  beforeAll(() => {
    const path = join(folder, 'article.trowel');
    const { status, stderr } = spawnSync('bin/trowel', ['import', SCAP, '-w', path], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    capture = new CaptureReader(path);
    story = explain(capture, { over: 100 * MS, pids: null }).story!;
  });
  afterAll(() => {
    capture.close();
    rmSync(folder, { recursive: true, force: true });
  });

  // Worked out by hand from the raw messages; events are the ends of the calls.
  const TRIED = [
    [`${SUFFIX}.critical-app.svc.cluster.local`, 'NXDOMAIN', [2.18], 10036, 10207],
    [`${SUFFIX}.svc.cluster.local`, 'NXDOMAIN', [0.75], 10232, 10386],
    [`${SUFFIX}.cluster.local`, 'NXDOMAIN', [0.948], 10408, 10563],
    [`${SUFFIX}.localdomain`, 'SERVFAIL', [5003, 3008], 10617, 104290],
    [SUFFIX, 'NOERROR', [1.35], 104324, 104505],
  ] as const;

  test('each name has its result, its tries and their events', () => {
    for (const [name, result, tries, first, last] of TRIED) {
      const phase = story.phases.find(({ dns }) => dns?.attempt.name === name)!;
      expect(phase.dns!.attempt.result, name).toBe(result);
      expect(phase.dns!.tries.length, name).toBe(tries.length);
      for (const [i, ms] of tries.entries()) expect(Math.abs(phase.dns!.tries[i]!.duration / MS / ms - 1), name).toBeLessThan(0.01);
      expect([phase.first, phase.last], name).toEqual([first, last]);
    }
  });

  test('curl is told of, its dead search domain, skydns’ three rounds, and then its own pause', () => {
    expect(story.process).toEqual({ pid: 22369, comm: 'curl' });
    expect(story.causes.map(({ id }) => id)).toEqual(['dns-search-domain-silent', 'own-poll']);
    const [dns, own] = story.causes;
    expect(sentenceOf(dns!)).toMatch(
      /waited 8\.011 s .* search domain localdomain, .* skydns \(4617\) asked 8\.8\.8\.8:53 6 times, the last time 3\.839 s before the capture ended/,
    );
    expect(dns!.nums).toEqual(expect.arrayContaining([10664, 10703, 58230, 58292, 75921, 104290]));
    expect(Math.abs(own!.cost / MS / 533.8 - 1)).toBeLessThan(0.01);
    expect(own!.nums).toContain(107962);
    expect(story.unseen).toContainEqual(expect.stringContaining('own questions are not in the capture'));
  });
});
