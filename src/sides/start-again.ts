import { count } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { findServingStarts, prepareHolds } from './serving-start.ts';
import type { MoveDeps, MoveOptions, StartTarget } from './side-types.ts';
import { NotReadyError, startGroup, startGroups, tidyInherited, waitReady } from './start-side.ts';
import type { Watched } from './watched.ts';

/**
 * Starts a side again as it ran before, in waves: with the recorded counts and the revision that served. What is not up
 * again is reported, and keeps nobody from going back: it may not have been up before either. `watchOther` throws when
 * the other side runs. Returns a clause. Throws what startGroup and waitReady throw.
 */
export const startAgain = async (
  { side, informer }: Watched,
  targetsAmong: (objects: readonly KubeObject[]) => readonly StartTarget[],
  options: MoveOptions,
  deps: MoveDeps,
  watchOther: () => void = () => undefined,
): Promise<string> => {
  const targets = targetsAmong(informer.objects());
  const serving = await findServingStarts(side, targets, informer.objects(), deps);
  await prepareHolds(side, serving, informer, deps, options);
  const notReady: string[] = [];
  for (const group of startGroups(targets)) {
    watchOther();
    await startGroup(side, group.targets, informer.objects(), deps, { ...options, serving });
    try {
      await waitReady(side, group.targets, informer, deps, {
        waitTimeoutMs: options.waitTimeoutMs,
        watchOther,
      });
    } catch (error) {
      if (!(error instanceof NotReadyError)) throw error;
      notReady.push(error.message);
      deps.reporter.warning(`Started again, but not ready: ${error.message}`);
    }
  }
  await tidyInherited(side, informer.objects(), options.concurrency);
  const older = serving.size === 0 ? [] : [`${serving.size} with the revision that served`];
  return [`${count(targets.length, 'workload')} started again`, ...older, ...notReady].join('; ');
};
