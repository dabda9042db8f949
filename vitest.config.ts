import { defineConfig } from 'vitest/config';

// What changes a whole cluster for a while, or keeps it busy, or needs one where no policy is: an API group that is dead
// for every namespace, a custom type that comes and goes, thousands of objects. Nothing else runs meanwhile.
const ALONE = [
  'test/e2e/dry-runs.test.ts',
  'test/e2e/minimal-rights.test.ts',
  'test/e2e/portability/needs.test.ts',
  'test/e2e/ten-thousand.test.ts',
];

const cluster = {
  globalSetup: ['test/cluster/global-setup.ts'],
  // Most tests take some seconds; the machine may be several times slower than the one that they were written on.
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

// What needs clusters.
const ON_CLUSTERS = ['test/e2e/**', 'test/cluster/**', 'test/security/**'];

// A file that starts programs or servers of its own, or takes more than a second or two, has this in its name.
const SLOW = 'test/**/*.slow.test.ts';

// `unit` and `slow` need nothing; `cluster` and `alone` get one pair of real clusters for the whole run.
export default defineConfig({
  test: {
    // Two cores on the machines of this project; the clusters want their share too.
    maxWorkers: 2,
    // No file may need what another one has left. The seed is printed; --sequence.seed repeats an order.
    sequence: { shuffle: { files: true, tests: false } },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...ON_CLUSTERS, SLOW],
          testTimeout: 30_000,
          // Pure functions: the files of a worker may share the modules that they import.
          isolate: false,
        },
      },
      {
        test: {
          name: 'slow',
          include: [SLOW],
          exclude: ON_CLUSTERS,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...cluster,
          name: 'cluster',
          include: ['test/e2e/**/*.test.ts', 'test/cluster/*.test.ts', 'test/security/*.test.ts'],
          exclude: ALONE,
        },
      },
      {
        test: {
          ...cluster,
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
