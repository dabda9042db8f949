import pMap from 'p-map';

/**
 * Runs `work` over items with at most `concurrency` under way, and returns the results in the order of the items.
 * The first failure stops new work from starting and is thrown; work that reports its own failures never throws.
 */
export const mapBounded = <T, R>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, index: number) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> =>
  pMap(items, work, {
    concurrency: Math.max(1, concurrency),
    stopOnError: true,
    ...(signal === undefined ? {} : { signal }),
  });
