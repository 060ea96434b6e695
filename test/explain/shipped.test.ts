import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { SCENES, slug } from './scenes.ts';

const pathOf = (file: string) => join('captures/scenes', `${file}.trowel`);

/** The scenes as they were recorded once: what scenes.test.ts checks live, checked where nothing can be recorded. */
test.each(SCENES.map((scene) => [slug(scene), scene] as const))('%s', (file, scene) => {
  expect(existsSync(pathOf(file)), 'node test/explain/record-scenes.ts records it').toBe(true);
  const capture = new CaptureReader(pathOf(file));
  const cause = explain(capture, { over: 100 * MS, pids: null }).story?.causes[0];
  expect(cause?.id ?? null, cause && sentenceOf(cause)).toBe(scene.cause);
  if (scene.says !== undefined) expect(sentenceOf(cause!)).toMatch(scene.says);
  capture.close();
});

test('HTTP/2: an error is told with what was asked', () => {
  const capture = new CaptureReader('captures/http2/failing.trowel');
  const cause = explain(capture, { over: 100 * MS, pids: null }).story?.causes[0];
  expect(sentenceOf(cause!)).toMatch(/^curl \(\d+\) got HTTP 503 from 127\.0\.0\.1:8080 for GET \/orders\/7\.$/);
  capture.close();
});

test('none has more than 40 KB, and all together less than 2 MB', () => {
  const sizes = readdirSync('captures/scenes').map((file) => statSync(join('captures/scenes', file)).size);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(40_000);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_000_000);
});
