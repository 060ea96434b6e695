import { defineConfig } from 'vitest/config';

/** What computes and no more: two files at once. */
const PURE = [
  ...['capture', 'dns', 'export', 'filter', 'golden', 'lens', 'model', 'output', 'scap', 'store'].map((name) => `test/${name}/**/*.test.ts`),
  'test/cli/{exit,hostile-text,scap-made}.test.ts',
  'test/doctor/{checks,cli,guides,node-checks,shipped}.test.ts',
  'test/explain/{asked,parts,pick,shipped}.test.ts',
  'test/collector/time-order.test.ts',
];

const common = {
  env: { TZ: 'UTC', NO_COLOR: '1' },
  testTimeout: 20_000,
  pool: 'forks',
} as const;

export default defineConfig({
  test: {
    reporters: ['default', './test/helpers/skip-reporter.ts'],
    projects: [
      { test: { ...common, name: 'pure', include: PURE, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      {
        test: {
          ...common,
          name: 'live',
          include: ['test/**/*.test.ts'],
          exclude: PURE,
          // Live tests share the kernel's hooks, ports and one small machine: files one after another keep counts exact.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
