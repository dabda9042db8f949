import { setImmediate as turn } from 'node:timers/promises';

// Short enough that a lease is renewed and an answer is read in time, long enough that turns cost nothing.
const SLICE_MS = 40;

/**
 * Maps items one after the other, and lets timers and requests have their turn in between: work on ten thousand
 * objects in one piece would hold everything else up for a second. Throws what `work` throws.
 */
export const mapInSlices = async <T, R>(items: Iterable<T>, work: (item: T) => R): Promise<R[]> => {
  const results: R[] = [];
  let began = performance.now();
  for (const item of items) {
    results.push(work(item));
    if (performance.now() - began < SLICE_MS) continue;
    await turn();
    began = performance.now();
  }
  return results;
};
