import { defineConfig } from 'vitest/config';

/** What records nothing: two files at once. */
const QUIET = [
  ...['capture', 'dns', 'export', 'filter', 'golden', 'lens', 'model', 'output', 'scap', 'store'].map((name) => `test/${name}/**/*.test.ts`),
  'test/cli/{completion,damaged,exit,hostile-text,open-capture,scap,scap-made,sysdig-args,together,windows}.test.ts',
  'test/cluster/{fold,hostile,nodes,several,store}.test.ts',
  'test/doctor/{checks,cli,guides,node-checks,shipped}.test.ts',
  'test/explain/{asked,assign,confirm,made,parts,pick,rings,shipped}.test.ts',
  'test/tui/!(live).test.ts',
  'test/collector/{probe-queue,shared-names,time-order}.test.ts',
  'test/{layers,top-level}.test.ts',
];

const common = {
  env: { TZ: 'UTC', NO_COLOR: '1' },
  testTimeout: 60_000,
  pool: 'forks',
} as const;

export default defineConfig({
  test: {
    reporters: ['default', './test/helpers/end-reporter.ts'],
    projects: [
      { test: { ...common, name: 'quiet', include: QUIET, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      {
        test: {
          ...common,
          name: 'live',
          include: ['test/**/*.test.ts'],
          exclude: QUIET,
          // Live tests share the kernel's hooks, ports and one small machine: files one after another keep counts exact.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
