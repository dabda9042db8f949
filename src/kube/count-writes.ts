import type { ClusterReader } from './api-types.ts';

/**
 * Counts from now on what a run writes to clusters: objects and records, and every write of which nobody knows whether
 * it took effect. Dry runs do not count, and neither does the Lease of the lock. Clusters that are not there count 0.
 */
export const countWritten = (
  ...clusters: readonly (Pick<ClusterReader, 'written'> | undefined)[]
): (() => number) => {
  const sum = (): number => clusters.reduce((total, cluster) => total + (cluster?.written() ?? 0), 0);
  const before = sum();
  return () => sum() - before;
};
