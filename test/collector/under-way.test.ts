/** What is under way between probe and store is lost by a kill: there must not be much of it. */
import { spawnSync } from 'node:child_process';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CollectorServer } from '../../src/collector/server.ts';
import { packageRoot } from '../../src/model/package-root.ts';

test('on port 0 a collector says which it got', async () => {
  const server = new CollectorServer(() => ({ hello: () => null, ready: () => {}, batch: () => {}, ended: () => {} }));
  expect(await server.listen('127.0.0.1:0')).toMatch(/^127\.0\.0\.1:[1-9]\d+$/);
  await server.close();
});

test('a probe may have more under way than one batch', async () => {
  const server = new CollectorServer(() => ({ hello: () => null, ready: () => {}, batch: () => {}, ended: () => {} }));
  const socket = join(process.env.TMPDIR ?? '/tmp', `trowel-under-way-${process.pid}.sock`);
  await server.listen(`unix:${socket}`);
  const session = connect('http://localhost', { path: socket });
  try {
    const wide = new Promise<number>((resolve) => {
      session.on('remoteSettings', ({ initialWindowSize = 0 }) => initialWindowSize > 65_535 && resolve(initialWindowSize));
    });
    session.request({ ':method': 'POST', ':path': '/trowel.v1.Collector/Record', 'content-type': 'application/grpc', te: 'trailers' });
    expect(await wide).toBe(2 ** 21);
  } finally {
    session.destroy();
    await server.close();
  }
});

const here = Number(spawnSync('nice', { encoding: 'utf8' }).stdout);
const may = spawnSync('nice', ['-n', String(-here - 1), 'nice'], { encoding: 'utf8' }).stdout.trim() === '-1';

test.skipIf(!may)('the thread that stores goes before others, what it starts does not', () => {
  const program = `
    import { spawnSync } from 'node:child_process';
    import { atOrdinaryPriority, raisePriority } from '${join(packageRoot(), 'src/collector/priority.ts')}';
    const nice = () => Number(spawnSync('nice', { encoding: 'utf8' }).stdout);
    const before = nice();
    raisePriority();
    console.log(before, nice(), atOrdinaryPriority(nice), nice());`;
  const run = (niceness: string) =>
    spawnSync(
      'nice',
      ['-n', niceness, process.execPath, '--experimental-transform-types', '--no-warnings', '--input-type=module', '-e', program],
      {
        encoding: 'utf8',
      },
    ).stdout.trim();
  expect(run(String(-here))).toBe('0 -5 0 -5');
  expect(run(String(3 - here))).toBe('3 3 3 3'); // what the user has chosen stays
});
