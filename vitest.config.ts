import { defineConfig } from 'vitest/config';

// `unit` needs nothing; `cluster` gets one pair of real clusters for the whole run (test/cluster/global-setup.ts).
export default defineConfig({
  test: {
    // Two cores on the machines of this project; the clusters want their share too.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/cluster/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/e2e/**/*.test.ts', 'test/cluster/*.test.ts'],
          globalSetup: ['test/cluster/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
