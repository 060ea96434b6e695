/** The page: in Chromium, with hostile names in it, and without anything from elsewhere. */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/store/reader.ts';
import { rewrite } from '../../src/store/rewrite.ts';
import { CAPTURE, Folder, has, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const HOSTILE = `</title><script>document.title='owned'</script><img src=x onerror="document.title='owned'">\u202e`;

function page(name: string, capture: string, ...more: string[]): string {
  const file = folder.file(name);
  const { status, stderr } = trowel('report', capture, ...more, '-o', file);
  expect([status, stderr]).toEqual([0, `${file}: written; secrets are redacted, names of pods, processes and DNS are in it\n`]);
  return file;
}

/** The same story, told of things with hostile names. */
function hostile(): string {
  const target = folder.file('hostile.trowel');
  const capture = new CaptureReader(CAPTURE);
  const comm = (row: { comm: string }) => (row.comm === 'curl' ? HOSTILE : row.comm);
  rewrite(capture, target, {
    rows: {
      threads: (row) => ({ ...row, comm: comm(row) }),
      processes: (row) => ({ ...row, comm: comm(row), args: [HOSTILE, '--token', 'hunter2'] }),
      dns: (row) => ({ ...row, qname: row.qname.replace('backend', HOSTILE) }),
      fds: (row) => ({ ...row, name: row.name === '' ? '' : HOSTILE }),
    },
    event: (chunk, i, out) => {
      out.setArgs(chunk.args, i === 0 ? 0 : chunk.argsEnd[i - 1], chunk.argsEnd[i]);
      out.setData(chunk.data, i === 0 ? 0 : chunk.dataEnd[i - 1], chunk.dataEnd[i]);
    },
    meta: (meta) => ({ ...meta, hostname: HOSTILE }),
  });
  capture.close();
  return target;
}

describe('the page', () => {
  const text = readFileSync(page('article.html', CAPTURE), 'utf8');

  test('has the story, its evidence and what the capture cannot show', () => {
    for (const wanted of ['waited 10.010 s for DNS', 'id="story-1"', 'Evidence: ', 'What to do', 'What it cannot show', 'How sure: 85 %'])
      expect(text).toContain(wanted);
  });

  test('needs nothing from elsewhere, and no script', () => {
    expect(text).not.toMatch(/<script|\son\w+=|src=|url\(|@import/i);
    expect([...text.matchAll(/href="([^"]*)"/g)].every(([, target]) => target!.startsWith('#'))).toBe(true);
    expect(text).toContain("default-src 'none'");
  });

  test('has no address of the cluster', () => {
    expect(text).not.toMatch(/10\.88\.0\./);
  });

  test('is its owner’s alone, and says so where there is nothing to tell', () => {
    expect(statSync(folder.file('article.html')).mode & 0o777).toBe(0o600);
    expect(readFileSync(page('nothing.html', CAPTURE, 'proc.name=mount'), 'utf8')).toMatch(/Nothing waited longer|No single cause/i);
  });
});

describe('hostile names', () => {
  const file = page('hostile.html', hostile());
  const text = readFileSync(file, 'utf8');

  test('are text', () => {
    expect(text).not.toMatch(/<script|<img|onerror="/);
    expect(text).not.toContain('\u202e');
    expect(text).not.toContain('hunter2');
    expect(text).toContain('&lt;script&gt;');
  });

  test.skipIf(!has('chromium'))(
    'do nothing in Chromium (skipped where there is none)',
    () => {
      const args = [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${folder.file('profile')}`,
        '--dump-dom',
        `file://${file}`,
      ];
      const { stdout } = spawnSync('chromium', args, { encoding: 'utf8', timeout: 60_000, maxBuffer: 1 << 26 });
      expect(stdout).toContain('<h2 id="story-1">');
      expect(/<title>(.*?)<\/title>/.exec(stdout)?.[1]).toBe('Trowel: hostile.trowel');
      expect(stdout).not.toMatch(/<script|<img/);
    },
    90_000,
  );
});
