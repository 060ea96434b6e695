import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    env: { TZ: 'UTC', NO_COLOR: '1' },
    testTimeout: 20_000,
    pool: 'forks',
    reporters: ['default', './test/helpers/skip-reporter.ts'],
    // Live tests share the kernel's hooks, ports and one small machine: files one after another keep counts exact.
    fileParallelism: false,
  },
});
