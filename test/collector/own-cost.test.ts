/** What a recorder costs, as it is measured and as it is said. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { costText, type OwnCost, parseCost } from '../../src/capture/own-cost.ts';
import { CostMeter } from '../../src/collector/own-cost.ts';
import { packageRoot } from '../../src/model/package-root.ts';

const COST: OwnCost = { over: 10e9, collector: 0.5e9, probe: 0.1e9, programs: null, collectorBytes: 2 ** 27, probeBytes: 2 ** 25 };

test.each<[string, OwnCost, OwnCost | undefined, string]>([
  ['in all', COST, undefined, 'collector 5.0 % 128 MiB, probe 1.0 % 32 MiB'],
  [
    'with run time in the kernel',
    { ...COST, programs: 2e9 },
    undefined,
    'collector 5.0 % 128 MiB, probe 1.0 % 32 MiB, in the kernel 20.0 %',
  ],
  ['since the last time', COST, { ...COST, over: 9e9, collector: 0.4e9 }, 'collector 10.0 % 128 MiB, probe 0.0 % 32 MiB'],
])('cost %s', (_, cost, before, text) => {
  expect(costText(cost, before)).toBe(text);
});

test.each([undefined, '', '{', 'null', '[]', '{"over":1}', JSON.stringify({ ...COST, probe: '1' })])('%s is no cost', (text) => {
  expect(parseCost(text)).toBeNull();
});

test('a capture’s own words are understood', () => {
  expect(parseCost(JSON.stringify(COST))).toEqual(COST);
});

test('the CPU that a process takes is counted, and stays when it is gone', async () => {
  const child = spawn(process.execPath, [
    '-e',
    'for (let i = 0; process.cpuUsage().user < 2e5; i++); process.stdout.write("x"); process.stdin.read()',
  ]);
  const exited = new Promise((resolve) => child.on('exit', resolve));
  const meter = new CostMeter(child.pid!);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const { probe, probeBytes } = meter.total();
  expect(probe).toBeGreaterThanOrEqual(0.15e9);
  expect(probeBytes).toBeGreaterThan(2 ** 22);
  child.kill('SIGKILL');
  await exited;
  expect(meter.total().probe).toBe(probe);
});

test('is what was known last while there are no descriptors', () => {
  const program = `
    import { openSync } from 'node:fs';
    import { CostMeter } from '${join(packageRoot(), 'src/collector/own-cost.ts')}';
    const meter = new CostMeter(process.pid);
    const before = meter.total();
    try { for (;;) openSync('/dev/null'); } catch {}
    const after = meter.total();
    process.stdout.write(JSON.stringify([before.collectorBytes > 0, after.collectorBytes === before.collectorBytes]));`;
  const words = [
    '-c',
    'ulimit -n 60; exec "$0" --experimental-transform-types --no-warnings --input-type=module -e "$1"',
    process.execPath,
    program,
  ];
  const { stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['[true,true]', '']);
});
